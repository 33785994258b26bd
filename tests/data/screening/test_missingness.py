"""Blanks that depend on the site or on the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.data.screening.exports import found, number, screened, tables_of
from vfprog.data.screening.missingness import check_missingness


def _registry(blank, *, sites="s", event=None):
    n = len(blank)
    ids = [f"e{i}" for i in range(n)]
    episodes = pd.DataFrame({"episode_id": ids, "site_id": sites, "treatment": "sham",
                             "x": np.where(blank, np.nan, np.arange(n) % 7)})  # fmt: skip
    events = {} if event is None else {"end": pd.Series(event, index=pd.Index(ids), dtype=float)}
    return screened({"episodes": episodes}, extra=[number("x")], events=events)


def _every(n, k):
    return np.arange(n) % k == 0


def test_a_site_that_records_nothing():
    sites = np.repeat(["a", "b", "c"], 50)
    (failure,) = check_missingness(_registry((sites == "b") | _every(150, 10), sites=sites))
    assert (failure.table, failure.row, failure.column) == ("episodes", None, "x")
    assert (failure.rule, failure.severity) == ("missing_by_site", "warning")
    assert failure.value == "b 100%; elsewhere 10%"


def test_sites_that_record_less_are_a_note():
    sites = np.repeat(["a", "b", "c"], 100)
    few = _registry(np.where(sites == "b", ~_every(300, 5), _every(300, 10)), sites=sites)
    (failure,) = check_missingness(few)
    assert (failure.severity, failure.value) == ("note", "a 10% to b 80%")
    some = _registry(np.where(sites == "b", _every(300, 2), _every(300, 10)), sites=sites)
    assert check_missingness(some) == []


def test_small_sites_and_what_is_rare_everywhere_say_nothing():
    sites = np.repeat(["a", "b"], [131, 19])
    assert check_missingness(_registry(sites == "b", sites=sites)) == []
    sites = np.repeat(["a", "b"], [100, 50])
    assert check_missingness(_registry((sites == "b") | ~_every(150, 5), sites=sites)) == []


def test_blanks_that_tell_the_outcome():
    event = _every(400, 4)
    blank = np.where(event, np.arange(400) % 8 == 0, _every(400, 10))
    (failure,) = check_missingness(_registry(blank, event=event))
    assert (failure.rule, failure.severity) == ("missing_by_outcome", "warning")
    # Of the 100 events those at multiples of 8 are blank; of the others every tenth but those
    # that are multiples of 20, 20 of 300.
    assert failure.value == "end: event 50%, no event 7%"


def test_a_slight_or_uncertain_difference_passes():
    event = _every(400, 4)
    slight = np.where(event, _every(400, 20), _every(400, 7))
    assert check_missingness(_registry(slight, event=event)) == []
    assert check_missingness(_registry(_every(40, 8), event=_every(40, 4))) == []


def test_cement_that_an_untreated_vertebra_cannot_have_is_no_blank():
    tables = tables_of(600)
    treated = tables["vertebrae"].set_index("episode_id")["treated"].groupby(level=0).any()
    assert check_missingness(screened(tables, events={"end": treated.astype(float)})) == []
    idle = tables["vertebrae"]["treated"].fillna(False).astype(bool)
    site = tables["episodes"].set_index("episode_id")["site_id"]
    here = (tables["vertebrae"]["episode_id"].map(site) == "S01").to_numpy()
    tables["vertebrae"].loc[here & idle.to_numpy(), "cement_volume_ml"] = np.nan
    (failure,) = check_missingness(screened(tables, events={}))
    assert (failure.table, failure.column) == ("vertebrae", "cement_volume_ml")
    assert failure.value.startswith("S01 100%")


@pytest.mark.parametrize("seed", range(4))
def test_clean_registries_pass(seed):
    failures = check_missingness(screened(tables_of(600, seed=seed)))
    assert [f for f in failures if f.severity != "note"] == []
    assert found(failures, "missing_by_outcome") == []


@pytest.mark.parametrize("wrong", ["many", "1e13"])
def test_values_in_error_are_no_blanks(wrong):
    sites = np.repeat(["a", "b", "c"], 50)
    tables = {"episodes": _registry(_every(150, 10), sites=sites).raw["episodes"]}
    values = tables["episodes"]["x"].astype(object)
    values[sites == "b"] = wrong
    view = screened({"episodes": tables["episodes"].assign(x=values)}, extra=[number("x")],
                    events={})  # fmt: skip
    assert view.typed["episodes"]["x"].to_numpy()[sites == "b"].tolist() == pytest.approx(
        [np.nan] * 50, nan_ok=True
    )
    assert check_missingness(view) == []


def test_spaces_are_blanks():
    sites = np.repeat(["a", "b", "c"], 50)
    episodes = _registry(_every(150, 10), sites=sites).raw["episodes"]
    values = episodes["x"].astype(object)
    values[sites == "b"] = "  "
    view = screened({"episodes": episodes.assign(x=values)}, extra=[number("x")], events={})
    (failure,) = check_missingness(view)
    assert failure.value == "b 100%; elsewhere 10%"
