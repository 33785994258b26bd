from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vfprog.config import load_yaml
from vfprog.data.mapping import Mapping
from vfprog.data.proposing.compose import compose, quoted
from vfprog.data.proposing.proposal import (
    OutcomeProposal,
    Proposal,
    Proposed,
    SetAside,
    TableProposal,
    WideProposal,
)
from vfprog.data.proposing.reading import Fit


def column(ours: str, theirs: str, confidence: str = "high", **fit: object) -> Proposal:
    return Proposal("episodes", ours, theirs, confidence, Fit(1.0, **fit), ("seen",))  # type: ignore[arg-type]


def whole(*columns: Proposal, **more: object) -> Proposed:
    table = TableProposal("episodes", "a.csv", 9, "high", columns, ())
    return Proposed(True, (table,), **more)  # type: ignore[arg-type]


def loaded(text: str, tmp_path) -> Mapping:
    path = tmp_path / "m.yaml"
    path.write_text(text, encoding="utf-8")
    return Mapping.model_validate(load_yaml(path))


@given(st.text(max_size=20))
def test_any_text_is_read_back(text: str) -> None:
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        return
    assert yaml.safe_load(f"x: {quoted(text, always=True)}\n") == {"x": text}


@pytest.mark.parametrize(
    "word", ["Yes", "no", "N", "null", "1", "1e3", "a b", "a: b", "#", "", "-"]
)
def test_words_stay_words(word: str) -> None:
    assert yaml.safe_load(f"x: {quoted(word)}") == {"x": word}


def test_all_parts_load(tmp_path) -> None:
    wide = WideProposal(
        "visits", "vas", ("v_30d",), "v_{day}d", {}, "high", Fit(1, unit="vas_0_100"), ()
    )
    film = WideProposal("heights", "height_loss_pct", ("h_l1_30d",), "h_{level}_{day}d", {}, "high",
                        Fit(1), ())  # fmt: skip
    days = WideProposal("visits", "rmdq", ("r1",), None, {30: "r1"}, "medium", Fit(1), ())
    bone = WideProposal(
        "vertebrae", "height_loss_pct", ("h_l1",), "h_{level}", {}, "high", Fit(1), ()
    )
    proposed = whole(
        column("sex", "Sex: m/f", recode={"No": "male", "1": "female"}, missing=("9",)),
        column("sva_mm", "sva", unit="cm"), column("index_date", "date", date_format="%d.%m.%Y"),
        wide=(wide, film, days, bone), missing=("NA", "."), decimal_comma=True,
        outcomes=(OutcomeProposal("new_fracture", "fx", ("Yes",), ("No",), "medium", ()),),
        identifiers=(SetAside("name", "high", "a name"),),
        post_baseline=(SetAside("late", "medium", "later"),), notes=("read as\ncp1252",),
    )  # fmt: skip
    mapping = loaded(compose(proposed, source="a.csv", out="m.yaml"), tmp_path)
    assert mapping.columns["sex"].recode == {"No": "male", "1": "female"}
    assert mapping.columns["sex"].column == "Sex: m/f"
    assert mapping.columns["index_date"].date_format == "%d.%m.%Y"
    assert mapping.missing == ("NA", ".")
    assert mapping.outcomes["new_fracture"].event == ("Yes",)
    assert mapping.post_baseline == ("late",)
    assert mapping.identifiers == ("name",)
    assert mapping.vertebrae["height_loss_pct"].column == "h_{level}"
    assert set(mapping.follow_up.visits) == {"vas", "rmdq"}
    assert mapping.decimal_comma is True


def test_what_is_not_sure_stands_in_comments(tmp_path) -> None:
    text = compose(
        whole(
            column("age_years", "age"),
            column("t_score", "maybe", "low"),
            column("sex", "g", "medium", recode={"1": "male"}, sure=False, question="is 1 male?"),
        ),
        source="a.csv", out="m.yaml",
    )  # fmt: skip
    mapping = loaded(text, tmp_path)
    assert set(mapping.columns) == {"age_years", "sex"}
    assert mapping.columns["sex"].recode == {}
    assert (
        '  # decide: is 1 male? Then write instead:\n  # sex: {column: g, recode: {"1": male}}'
        in text
    )
    assert "  # t_score: maybe  # low: seen" in text
    assert "# treatment: {constant: vertebroplasty}  # low" in text


def test_names_cannot_end_a_comment(tmp_path) -> None:
    evil = "x\nidentifiers: [a]\n#"
    table = TableProposal("episodes", "a", 1, "high", (column("age_years", evil),),
                          (SetAside(evil, "low", evil),))  # fmt: skip
    mapping = loaded(compose(Proposed(True, (table,)), source=evil, out=evil), tmp_path)
    assert mapping.columns["age_years"].column == evil
    assert mapping.identifiers == ()


def test_tables_have_their_files(tmp_path) -> None:
    tables = (
        TableProposal("episodes", "fälle.csv", 2, "high", (column("age_years", "Alter"),), ()),
        TableProposal("events", "e.csv", 2, "medium", (), (SetAside("x", "low", "?"),)),
    )
    text = compose(Proposed(False, tables, unplaced=("notes.csv",)), source="folder", out="m.yaml")
    mapping = loaded(text, tmp_path)
    assert mapping.tables["episodes"].file == "fälle.csv"
    assert mapping.tables["events"].file == "e.csv"
    assert '#   the whole table "notes.csv"' in text
