from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.bundles import hand_bundle, hand_parts
from tests.cohorts import make_cohort
from vfprog.features.arrays import EpisodeArrays
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.workflows.recorded import (
    TABLE,
    development_reliance,
    recorded_share,
    reliance_rows,
    reliance_table,
    too_little_recorded,
)

NAME = "response_preprocedure"


def relying(tmp_path, shares, **tables):
    """A bundle made by hand whose development says what the model relies on."""
    rows = [{"model": NAME, "predictor": name, "share": share} for name, share in shares.items()]
    table = {"importance": pd.DataFrame(rows).to_dict("list"), **tables}
    parts = replace(hand_parts(), tables=table)
    return load_bundle(write_bundle(parts, tmp_path / "b"))


def of(**episodes):
    columns = {name: np.asarray(values, dtype=float) for name, values in episodes.items()}
    n = len(next(iter(columns.values())))
    arrays = EpisodeArrays(n, columns, {}, np.arange(0))
    return make_cohort(n, arrays=arrays, event=np.zeros(n, bool))


def test_the_share_worked_by_hand(tmp_path):
    # Opioids: 90 % observed in development, 45 % here, so half counts: .5 + .4 / 2 = .7.
    bundle = relying(tmp_path, {"age_years": 0.5, "opioids": 0.4, "t_score": 0.1})
    opioids = np.where(np.arange(100) < 45, 1.0, np.nan)
    opioids[0] = 0.0
    ages = np.linspace(60, 90, 100)
    cohort = of(age_years=ages, opioids=opioids)
    reliance = development_reliance(bundle, NAME)
    assert reliance.set_index("predictor")["observed"]["opioids"] == pytest.approx(0.9)
    assert recorded_share(reliance, bundle.model(NAME), cohort) == pytest.approx(0.7)
    assert "what 70% of the model's contributions rest on; 80%" in too_little_recorded(
        bundle, NAME, cohort
    )
    often = of(age_years=ages, opioids=np.arange(100) % 2)
    assert recorded_share(reliance, bundle.model(NAME), often) == pytest.approx(0.9)  # not above 1
    assert too_little_recorded(bundle, NAME, often) == ""


def test_two_pelvic_angles_record_the_mismatch_and_one_does_not(tmp_path):
    bundle = relying(tmp_path, {"pi_ll_mismatch_deg": 1.0})
    given = {"pelvic_incidence_deg": np.arange(10) + 45, "lumbar_lordosis_deg": np.full(10, 45)}
    reliance, model = development_reliance(bundle, NAME), bundle.model(NAME)
    assert recorded_share(reliance, model, of(**given)) == pytest.approx(1)
    alone = of(pelvic_incidence_deg=given["pelvic_incidence_deg"])
    assert recorded_share(reliance, model, alone) == 0


def test_what_is_the_same_for_everybody_is_as_good_as_not_recorded(tmp_path):
    bundle = relying(tmp_path, {"age_years": 0.5, "opioids": 0.5})
    women = of(age_years=np.linspace(60, 90, 100), opioids=np.ones(100))
    reliance, model = development_reliance(bundle, NAME), bundle.model(NAME)
    assert recorded_share(reliance, model, women) == pytest.approx(0.5)
    assert recorded_share(reliance, model, women.take(np.arange(0))) == 0


def test_a_bundle_without_importance_relies_on_all_its_lines_alike(tmp_path):
    bundle = load_bundle(hand_bundle(tmp_path / "b"))
    shares = development_reliance(bundle, NAME)["share"]
    assert np.allclose(shares, 1 / len(bundle.model(NAME).lines))
    assert shares.sum() == pytest.approx(1)


def test_what_an_ancestor_relied_on_goes_before_what_was_seen_since(tmp_path):
    kept = {"model": [NAME], "predictor": ["sex"], "share": [1.0], "observed": [0.8]}
    bundle = relying(tmp_path, {"age_years": 1.0}, **{TABLE: kept})
    assert development_reliance(bundle, NAME).to_dict("list") == kept
    assert reliance_table(bundle).to_dict("list") == kept


def test_what_is_said_never_to_be_recorded_counts_as_always(tmp_path):
    model = load_bundle(hand_bundle(tmp_path / "b")).model(NAME)
    rows = reliance_rows(model, {"opioids": 1.0}, {"opioids": {"missing": 1.0}})
    assert rows.set_index("predictor")["observed"]["opioids"] == 1
