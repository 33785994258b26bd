"""UCI vertebral column: the impossible value is found, the pelvis adds up, nothing is predicted."""

from __future__ import annotations

import numpy as np
import pytest

from vfprog.data.readers import read_registry
from vfprog.errors import ConfigError, InputError
from vfprog.workflows.check import check
from vfprog.workflows.inputs import choose_endpoints
from vfprog.workflows.train import train

pytestmark = pytest.mark.realdata
ANGLES = ["pelvic_incidence_deg", "pelvic_tilt_deg", "sacral_slope_deg", "lumbar_lordosis_deg"]


@pytest.fixture(scope="module")
def source(realdata):
    return realdata / "uci_vertebral" / "column_2C_weka.csv"


@pytest.fixture(scope="module")
def read(source):
    return read_registry(source, mapping="uci_vertebral")


def test_the_impossible_value_is_found_with_its_row(read):
    errors = [f for f in read[1] if f.severity == "error"]
    slip = [f for f in errors if f.column == "spondylolisthesis_degree"]
    assert [(f.rule, str(f.row), f.line) for f in slip] == [("hard_range", "117", 117)]
    assert slip[0].value == pytest.approx(418.5430821)
    assert "column 'degree_spondylolisthesis' of the source" in slip[0].message
    # the same line is out of range twice more; three spines have angles beyond the dictionary's
    assert {(f.column, f.line) for f in errors} == {
        ("spondylolisthesis_degree", 117), ("pelvic_incidence_deg", 117),
        ("sacral_slope_deg", 117), ("pelvic_incidence_deg", 164), ("pelvic_incidence_deg", 165),
        ("lumbar_lordosis_deg", 199),
    }  # fmt: skip


def test_incidence_is_tilt_plus_slope(read):
    registry, failures = read
    assert len(registry.episodes) == 310
    incidence, tilt, slope, _ = (registry.episodes[name] for name in ANGLES)
    gap = (incidence - tilt - slope).abs()
    assert gap.notna().sum() == 307  # three have a value in error
    assert gap.max() < 1e-7
    assert "pelvic_identity" not in {f.rule for f in failures}


def test_a_broken_identity_is_reported(source, tmp_path):
    path = tmp_path / "broken.csv"
    lines = source.read_text(encoding="utf-8").splitlines()
    lines[9] = ",".join(["80.0", *lines[9].split(",")[1:]])
    path.write_text("\n".join(lines), encoding="utf-8")
    _, failures = read_registry(path, mapping="uci_vertebral")
    found = [(f.rule, f.line) for f in failures if f.rule == "pelvic_identity"]
    assert found == [("pelvic_identity", 10)]


def test_the_diagnosis_is_no_outcome_and_no_predictor(read, source, tmp_path):
    registry, _ = read
    assert registry.outcomes is None
    assert registry.own_endpoints == ()
    assert "status" not in registry.episodes
    with pytest.raises(ConfigError, match="holds no outcome"):
        choose_endpoints(None, registry)
    with pytest.raises(InputError, match="418"):
        train(source, tmp_path / "model", mapping="uci_vertebral", resamples=0, n_jobs=1)


def test_check_says_that_no_endpoint_can_be_derived(source, tmp_path):
    path = tmp_path / "clean.csv"
    lines = source.read_text(encoding="utf-8").splitlines()
    bad = {117, 164, 165, 199}
    path.write_text("\n".join(x for i, x in enumerate(lines, 1) if i not in bad), encoding="utf-8")
    report = check(path, mapping="uci_vertebral")
    assert report.n_errors == 0
    assert "holds no outcome" in " ".join(report.refused.values())


def test_the_angles_reach_the_models_as_numbers(read):
    arrays = read[0].arrays()
    assert np.isfinite(arrays.episodes["lumbar_lordosis_deg"]).sum() == 309
    assert arrays.episodes["pelvic_radius"].mean() == pytest.approx(117.920655, abs=1e-5)
