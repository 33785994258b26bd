"""Quarantine as files: what is kept reads clean, what is set aside is told, nothing is lost."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from vfprog.data.mapping import Mapping
from vfprog.data.readers import read_for_screening, read_registry
from vfprog.errors import ConfigError
from vfprog.schema.registry import REGISTRY
from vfprog.simulate import simulate
from vfprog.workflows import quarantine as workflow
from vfprog.workflows.quarantine import quarantine

EPISODES = """episode_id,patient_id,site_id,treatment,age_years,sex
e1,p1,s1,vertebroplasty,71.50,female
e2,p2,s1,vertebroplasty,9,female
e3,p3,s1,vertebroplasty,80,male
"""
VISITS = "episode_id,day,vas\ne1,30,2\ne1,60,99\ne2,30,3\ne9,30,3\ne3,30,1\n"
EVENTS = "episode_id,day,event\ne3,10,death\ne3,20,death\ne1,5,crossover\n"


def write(folder, **tables):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def row_errors(source, mapping=None):
    _, failures = read_registry(source, mapping=mapping)
    return [f for f in failures if f.severity == "error" and f.line is not None]


def records(path: Path, delimiter: str = ",", encoding: str = "utf-8") -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as stream:
        return list(csv.reader(stream, delimiter=delimiter))


def test_what_is_kept_of_a_simulated_registry_stays_simulated(tmp_path):
    source = write(tmp_path / "in", episodes=EPISODES, visits=VISITS, events=EVENTS)
    (source / "registry.yaml").write_text("simulated: false\n")  # the truth beside it knows better
    (source / "truth.parquet").touch()
    quarantine(source, out=tmp_path / "out")
    assert read_registry(tmp_path / "out" / "kept")[0].simulated


def test_the_folder_holds_both_parts_and_the_reasons(tmp_path):
    source = write(tmp_path / "in", episodes=EPISODES, visits=VISITS, events=EVENTS)
    (source / "registry.yaml").write_text("simulated: true\nseed: 3\n")
    before = files(source)
    result = quarantine(source, out=tmp_path / "out")
    assert set(files(tmp_path / "out")) == {
        ".vfprog-results", "reasons.csv", "reconciliation.csv", "kept/registry.yaml",
        *(f"{part}/{name}.csv" for part in ("kept", "set_aside")
          for name in ("episodes", "visits", "events")),
    }  # fmt: skip
    kept = tmp_path / "out" / "kept"
    assert (kept / "episodes.csv").read_text() == EPISODES.replace(
        "e2,p2,s1,vertebroplasty,9,female\n", ""
    )
    # e2's visit follows it; e9 is no episode; e3 dies on day 10, the second death is another row's
    assert (kept / "visits.csv").read_text() == "episode_id,day,vas\ne1,30,2\n"
    assert (
        kept / "events.csv"
    ).read_text() == "episode_id,day,event\ne3,10,death\ne1,5,crossover\n"
    assert records(tmp_path / "out" / "set_aside" / "visits.csv") == [
        ["line", "reasons", "episode_id", "day", "vas"],
        ["3", "hard_range (vas)", "e1", "60", "99"],
        ["4", "episode_set_aside (episode_id)", "e2", "30", "3"],
        ["5", "broken_key (episode_id)", "e9", "30", "3"],
        ["6", "after_death (day)", "e3", "30", "1"],
    ]
    assert records(tmp_path / "out" / "reconciliation.csv") == [
        ["table", "rows_in", "kept", "set_aside"],
        ["episodes", "3", "2", "1"], ["visits", "5", "1", "4"], ["events", "3", "2", "1"],
    ]  # fmt: skip
    reasons = records(tmp_path / "out" / "reasons.csv")
    assert reasons[0] == ["table", "line", "row", "column", "rule", "message"]
    assert len(reasons) - 1 == len(result.reasons) == 7
    assert read_registry(kept)[0].simulated
    assert row_errors(kept) == []
    assert files(source) == before


def test_the_same_input_gives_the_same_bytes(tmp_path):
    source = write(tmp_path / "in", episodes=EPISODES, visits=VISITS)
    quarantine(source, out=tmp_path / "one")
    quarantine(source, out=tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_a_folder_is_not_overwritten_unasked(tmp_path):
    source = write(tmp_path / "in", episodes=EPISODES)
    quarantine(source, out=tmp_path / "out")
    with pytest.raises(ConfigError, match="exists"):
        quarantine(source, out=tmp_path / "out")
    write(source, episodes=EPISODES.replace(",9,", ",90,"))
    assert len(quarantine(source, out=tmp_path / "out", force=True).reasons) == 0


def test_errors_of_a_whole_column_remain_and_are_told(tmp_path):
    visits = "episode_id,vas\ne1,2\n"
    result = quarantine(write(tmp_path / "in", episodes=EPISODES, visits=visits),
                        out=tmp_path / "out")  # fmt: skip
    assert [(f.table, f.column, f.rule) for f in result.remaining] == [
        ("visits", "day", "missing_column")
    ]


def test_a_mapped_folder_keeps_names_words_delimiter_and_encoding(tmp_path):
    mapping = Mapping.model_validate({
        "delimiter": ";", "encoding": "cp1252", "decimal_comma": True, "missing": [-9],
        "tables": {
            "episodes": {"file": "Fälle.csv", "columns": {
                "episode_id": "Fall", "patient_id": "Fall", "site_id": "Ort",
                "treatment": {"constant": "vertebroplasty"}, "age_years": "Alter"}},
            "visits": {"file": "sub/vis.csv", "columns": {
                "episode_id": "Fall", "day": {"column": "Woche", "unit": "weeks"}, "vas": "VAS"}},
        },
    })  # fmt: skip
    (tmp_path / "in" / "sub").mkdir(parents=True)
    cases = "Fall;Ort;Alter\n1;Köln;71,5\n2;Köln;7,5\n3;München;-9\n"
    (tmp_path / "in" / "Fälle.csv").write_text(cases, encoding="cp1252")
    (tmp_path / "in" / "sub" / "vis.csv").write_text("Fall;Woche;VAS\n1;4;2,5\n2;4;3\n3;4;25\n")
    quarantine(tmp_path / "in", mapping, out=tmp_path / "out")
    kept = tmp_path / "out" / "kept"
    assert (kept / "Fälle.csv").read_bytes() == cases.replace("2;Köln;7,5\n", "").encode("cp1252")
    assert records(kept / "sub" / "vis.csv", ";") == [["Fall", "Woche", "VAS"], ["1", "4", "2,5"]]
    assert row_errors(kept, mapping) == []


def test_a_flat_file_keeps_its_name_and_kind(tmp_path):
    flat = pd.DataFrame({
        "episode_id": ["a", "b", "c"], "patient_id": ["a", "b", "c"], "site_id": "s",
        "treatment": "vertebroplasty", "age_years": [70.25, 5, 80],
        "vertebrae": [[{"level": "L1"}], [{"level": "L2"}], [{"level": "L9"}, {"level": "L1"}]],
    })  # fmt: skip
    flat.to_parquet(tmp_path / "flat.parquet")
    result = quarantine(tmp_path / "flat.parquet", out=tmp_path / "out")
    place = tmp_path / "out" / "kept" / "flat.parquet"
    kept = pd.read_parquet(place)
    assert kept["episode_id"].tolist() == ["a"]
    assert [dict(v) for v in kept["vertebrae"][0]] == [{"level": "L1"}]
    assert row_errors(place) == []
    aside = records(tmp_path / "out" / "set_aside" / "episodes.csv")
    assert [json.loads(row[-1])[0] for row in aside[1:]] == [{"level": "L2"}, {"level": "L9"}]
    assert result.reconciliation.to_numpy().tolist() == [["episodes", 3, 1, 2]]


@pytest.mark.parametrize("kind", ["xlsx", "sqlite", "gzip"])
def test_other_kinds_are_kept_so_that_they_can_be_read(kind, tmp_path):
    tables = {
        "episodes": pd.read_csv(io.StringIO(EPISODES)),
        "seen": pd.read_csv(io.StringIO(VISITS)),
    }
    visits = {"file": "seen", "columns": {n: n for n in ("episode_id", "day", "vas")}}
    mapping = Mapping.model_validate({"tables": {"visits": visits}})
    folder = tmp_path / "in"
    folder.mkdir()
    source: object = folder
    if kind == "xlsx":
        source = folder / "all.xlsx"
        with pd.ExcelWriter(source) as book:
            for name, frame in tables.items():
                frame.to_excel(book, sheet_name=name, index=False)
    elif kind == "sqlite":
        source = f"sqlite:///{folder / 'all.db'}"
        with closing(sqlite3.connect(folder / "all.db")) as base:
            for name, frame in tables.items():
                frame.to_sql(name, base, index=False)
    else:
        for name, frame in tables.items():
            frame.to_csv(folder / f"{name}.csv.gz", index=False)
    result = quarantine(source, mapping, out=tmp_path / "out")
    kept = tmp_path / "out" / "kept"
    ending = ".csv.gz" if kind == "gzip" else ".csv"
    assert sorted(files(kept)) == [f"episodes{ending}", f"seen{ending}"]
    registry, failures = read_registry(kept, mapping=mapping)
    assert [f for f in failures if f.severity == "error"] == []
    assert registry.episodes["episode_id"].tolist() == ["e1", "e3"]
    assert registry.visits["vas"].tolist() == [2, 1]
    assert result.reconciliation.to_numpy().tolist() == [["episodes", 3, 2, 1], ["visits", 5, 2, 3]]
    quarantine(source, mapping, out=tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "out")


def test_a_flat_workbook_becomes_one_file(tmp_path):
    arm = {"constant": "vertebroplasty"}
    columns = {"episode_id": "id", "treatment": arm, "age_years": "age"}
    mapping = Mapping.model_validate({"columns": columns})
    pd.DataFrame({"id": ["a", "b"], "age": [70, 7]}).to_excel(tmp_path / "one.xlsx", index=False)
    quarantine(tmp_path / "one.xlsx", mapping, out=tmp_path / "out")
    assert (tmp_path / "out" / "kept" / "one.csv").read_text() == "id,age\na,70\n"


@pytest.mark.parametrize("n_empty", [3, 1500])
def test_empty_rows_are_accounted_for_however_many(n_empty, tmp_path):
    head, *rows = EPISODES.splitlines()
    lines = [head, rows[0], *[",,,,,"] * n_empty, rows[1], "", rows[2], ",,,,,"]
    write(tmp_path / "in", episodes="\n".join(lines) + "\n")
    result = quarantine(tmp_path / "in", out=tmp_path / "out")
    # every line of the file but the header: three episodes, the empty rows, one blank line
    assert len(lines) - 1 == n_empty + 5
    assert result.reconciliation.to_numpy().tolist() == [["episodes", n_empty + 5, 2, n_empty + 3]]
    blank = sorted([*range(3, 3 + n_empty), n_empty + 4, n_empty + 6])
    told = result.reasons[result.reasons["rule"] == "empty_row"]
    assert told["line"].tolist() == blank
    assert result.set_aside["episodes"]["line"].tolist() == sorted([*blank, n_empty + 3])


def test_nothing_left_is_no_crash(tmp_path):
    source = write(tmp_path / "in", episodes=EPISODES.replace("71.50", "1").replace(",80,", ",8,"))
    result = quarantine(source, out=tmp_path / "out")
    assert (tmp_path / "out" / "kept" / "episodes.csv").read_text() == EPISODES.splitlines()[
        0
    ] + "\n"
    assert result.remaining[0].rule == "empty"


@pytest.mark.parametrize("rounds", [1, 2])
def test_more_errors_than_are_listed_are_all_set_aside(rounds, tmp_path, monkeypatch):
    read: list[object] = []

    def counting(source, **options):
        read.append(source)
        return read_for_screening(source, **options)

    monkeypatch.setattr(workflow, "read_for_screening", counting)
    if rounds == 2:  # as if nobody had looked beyond the list: the next round finds the others
        monkeypatch.setattr(workflow, "MAX_FAILURES", 10**9)
    n = 2600
    frame = pd.DataFrame({"episode_id": np.arange(n).astype(str)})
    frame = frame.assign(patient_id=frame["episode_id"], site_id="s", treatment="vertebroplasty",
                         age_years=np.where(np.arange(n) % 2, 70, 5))  # fmt: skip
    (tmp_path / "in").mkdir()
    frame.to_csv(tmp_path / "in" / "episodes.csv", index=False)
    result = quarantine(tmp_path / "in", out=tmp_path / "out")
    assert len(read) == rounds + 1
    assert result.reconciliation.to_numpy().tolist() == [["episodes", n, n // 2, n // 2]]
    assert result.reasons["line"].tolist() == [*range(2, n + 2, 2)]
    assert result.remaining == ()


CELLS = st.sampled_from(["", "5", "70", "x", "99", "e1", "e2", "e3", "death", "a,b", 'q"', "l\nm"])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_row_is_lost_whatever_the_cells_say(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("any")
    heads = {
        "episodes": ["episode_id", "treatment", "age_years"],
        "visits": ["episode_id", "day", "vas"],
        "events": ["episode_id", "day", "event"],
    }
    tables = {}
    for name, head in heads.items():
        rows = data.draw(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6))
        tables[name] = pd.DataFrame(rows, columns=head)
        (folder / "in").mkdir(exist_ok=True)
        tables[name].to_csv(folder / "in" / f"{name}.csv", index=False)
    result = quarantine(folder / "in", out=folder / "out")
    for name, frame in tables.items():
        kept = records(folder / "out" / "kept" / f"{name}.csv")[1:]
        aside = records(folder / "out" / "set_aside" / f"{name}.csv")[1:]
        rows = frame.to_numpy().tolist()
        lines = [int(row[0]) for row in aside]
        assert sorted(kept + [row[2:] for row in aside]) == sorted(rows)
        assert [row[2:] for row in aside] == [rows[line - 2] for line in lines]
    assert (folder / "out" / "kept").is_dir()
    errors = [] if len(result.kept["episodes"]) == 0 else row_errors(folder / "out" / "kept")
    assert errors == []


@pytest.mark.slow
def test_a_simulated_registry_with_a_thousand_faults_is_reconciled(tmp_path):
    sim, rng = simulate(800, seed=4), np.random.default_rng(0)
    tables = {name: getattr(sim, name).copy() for name in REGISTRY}
    tables["episodes"].loc[rng.choice(len(tables["episodes"]), 60, replace=False), "age_years"] = 7
    tables["visits"].loc[rng.choice(len(tables["visits"]), 900, replace=False), "vas"] = 55
    (tmp_path / "in").mkdir()
    for name, frame in tables.items():
        frame.to_parquet(tmp_path / "in" / f"{name}.parquet")
    result = quarantine(tmp_path / "in", out=tmp_path / "out")
    counts = result.reconciliation.set_index("table")
    assert counts.loc["episodes", "set_aside"] == 60
    for name, frame in tables.items():
        kept = parquet.read_table(tmp_path / "out" / "kept" / f"{name}.parquet")
        n_aside = counts.loc[name, "set_aside"]
        assert len(frame) == counts.loc[name, "rows_in"] == len(kept) + n_aside
        assert kept.schema.equals(parquet.read_schema(tmp_path / "in" / f"{name}.parquet"))
    assert row_errors(tmp_path / "out" / "kept") == []
    assert result.remaining == ()


def test_no_formula_in_the_reasons_but_the_rows_as_they_were(tmp_path):
    source = write(tmp_path / "in", episodes="episode_id,age_years\n=A1,old\ne2,70\n")
    quarantine(source, out=tmp_path / "out")
    reasons = records(tmp_path / "out" / "reasons.csv")
    assert "'=A1" in [row[2] for row in reasons]
    assert "=A1" in records(tmp_path / "out" / "set_aside" / "episodes.csv")[1]
