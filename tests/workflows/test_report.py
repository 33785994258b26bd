from __future__ import annotations

import pandas as pd
import pytest

import vfprog
from tests.bundles import hand_bundle
from vfprog.errors import BundleError, ConfigError
from vfprog.scoring.bundle import load_bundle
from vfprog.workflows.report import bundle_tables, write_report

ROW = {"model": "response_preprocedure", "metric": "c_statistic", "estimate": 0.654,
       "lower": 0.6, "upper": 0.7, "registry_sha256": "beef", "simulated": False}  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return hand_bundle(tmp_path_factory.mktemp("bundles") / "hand")


def test_page_and_card_are_written_and_not_over_others(bundle, tmp_path):
    done = write_report(bundle, tmp_path / "new" / "report.html")
    assert (done.page.name, done.card.name, done.simulated) == (
        "report.html", "report.card.md", True,
    )  # fmt: skip
    assert sorted(p.name for p in done.page.parent.iterdir()) == ["report.card.md", "report.html"]
    assert "report.html" in done.card.read_text(encoding="utf-8")
    before = done.page.read_bytes()
    with pytest.raises(ConfigError, match=r"report\.html exists; .*--force"):
        write_report(bundle, done.page)
    done.page.unlink()
    with pytest.raises(ConfigError, match=r"report\.card\.md exists; .*--force"):
        write_report(bundle, done.page)
    assert not done.page.exists()
    write_report(load_bundle(bundle), done.page, force=True)
    assert done.page.read_bytes() == before


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".json"])
def test_validations_are_read_as_validate_writes_them(bundle, tmp_path, ending):
    from vfprog.workflows.files import write_table

    made = pd.DataFrame([ROW]).assign(bundle_sha256=load_bundle(bundle).identity.sha256)
    table = write_table(made, tmp_path / f"nice{ending}")
    done = write_report(bundle, tmp_path / "report.html", validations=[table])
    page, card = (path.read_text(encoding="utf-8") for path in (done.page, done.card))
    for text in (page, card):
        assert "Frozen models on nice" in text
        assert "No other registry is part of" not in text
        assert "0.654" in text


def test_a_validation_of_another_bundle_is_refused_before_anything_is_written(bundle, tmp_path):
    table = tmp_path / "nice.csv"
    pd.DataFrame([ROW]).assign(bundle_sha256="0" * 64).to_csv(table, index=False)
    with pytest.raises(ConfigError, match=r"nice is a validation of another bundle: .* 0{12}, "):
        write_report(bundle, tmp_path / "report.html", validations=[table])
    assert [path.name for path in tmp_path.iterdir()] == ["nice.csv"]


def test_what_cannot_be_read_is_named_before_anything_is_written(bundle, tmp_path):
    out = tmp_path / "report.html"
    with pytest.raises(ConfigError, match=r"gone\.csv does not exist"):
        write_report(bundle, out, validations=[tmp_path / "gone.csv"])
    with pytest.raises(ConfigError, match=r"a\.txt: a table of vfprog validate is one of \.csv"):
        write_report(bundle, out, validations=[tmp_path / "a.txt"])
    with pytest.raises(ConfigError, match="a page is written as"):
        write_report(bundle, tmp_path / "report.pdf")
    with pytest.raises(BundleError):
        write_report(tmp_path, out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_every_table_is_reachable_from_python(training):
    tables = vfprog.bundle_tables(training.bundle)
    assert set(tables) == {"performance", *training.tables}
    kept, made = tables["performance"], training.performance
    assert list(kept.columns) == list(made.columns)
    assert kept["estimate"].astype(float).to_numpy() == pytest.approx(
        made["estimate"].to_numpy(), nan_ok=True
    )
    flow = tables["flow_response"]
    assert flow["n"].tolist() == training.tables["flow_response"]["n"].tolist()
    assert set(bundle_tables(load_bundle(training.bundle))) == set(tables)
