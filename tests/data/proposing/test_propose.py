"""The assistant on registries as others write them: places, units, codes, and the values read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.data.proposing.dialects import HELD_OUT, TUNED, VERTEBRAE, flat
from tests.data.proposing.measure import judge, proposed_for
from vfprog.data.mapping import Mapping, load_mapping
from vfprog.data.proposing.compose import compose
from vfprog.data.proposing.propose import propose
from vfprog.data.proposing.vocabulary import load_vocabulary
from vfprog.data.readers import read_registry, registry_of_frames
from vfprog.errors import ConfigError
from vfprog.schema.dictionary import load_dictionary
from vfprog.simulate import simulate

ALL = pytest.mark.parametrize("build", [*TUNED, *HELD_OUT], ids=lambda build: build.__name__)


def written(dialect, folder: Path) -> Mapping:
    text = compose(proposed_for(dialect, folder), source="source", out="mapping.yaml")
    path = folder / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


@pytest.mark.slow
@ALL
def test_columns_are_placed_rightly(build, tmp_path: Path) -> None:
    dialect = build()
    judged = judge(dialect, proposed_for(dialect, tmp_path))
    right, wrong = (len(judged.get(f"high {v}", [])) for v in ("right", "wrong"))
    assert right >= 0.95 * (right + wrong), judged["high wrong"]
    assert len(judged["not found"]) <= 0.05 * len(judged["to find"]), judged["not found"]


@pytest.mark.slow
@ALL
def test_without_any_of_the_names_high_still_means_right(build, tmp_path: Path) -> None:
    dialect = build()
    judged = judge(dialect, proposed_for(dialect, tmp_path, unseen=True))
    right, wrong = (len(judged.get(f"high {v}", [])) for v in ("right", "wrong"))
    assert right >= 0.95 * (right + wrong), judged["high wrong"]
    assert len(judged["not found"]) <= 0.6 * len(judged["to find"]), judged["not found"]


@pytest.mark.slow
@ALL
def test_units_and_codes(build, tmp_path: Path) -> None:
    dialect = build()
    found = proposed_for(dialect, tmp_path)
    fits = {f"{p.table}.{p.ours}": p.fit for p in (*found.columns, *found.wide)}
    units = {place: fit.unit for place, fit in fits.items() if fit.unit}
    assert units == dialect.units
    assert [p for p in dialect.codes if not fits[p].recode or not fits[p].sure] == []
    assert [p for p in dialect.ambiguous if fits[p].sure] == []


@pytest.mark.slow
@ALL
def test_the_values_read_are_those_of_the_original(build, tmp_path: Path) -> None:
    """Rounding in the foreign unit is all that may differ."""
    dialect = build()
    mapping = written(dialect, tmp_path)
    source = tmp_path / dialect.name
    registry, failures = read_registry(
        source / "flat.csv" if dialect.is_flat else source, mapping=mapping
    )
    if not dialect.ambiguous:
        assert [str(f) for f in failures if f.severity == "error"] == []
    for table, expected in original(dialect).items():
        read = getattr(registry, table)
        for name in proposed_columns(mapping, table):
            if f"{table}.{name}" not in dialect.ambiguous:
                assert_same(read[name], expected[name], f"{table}.{name}")


def proposed_columns(mapping: Mapping, table: str) -> list[str]:
    if mapping.tables:
        found = mapping.table(table)
        return [] if found is None else list(found.columns)
    return [name for name in mapping.columns if (name in VERTEBRAE) == (table == "vertebrae")]


def original(dialect) -> dict[str, pd.DataFrame]:
    seeds = {b.__name__: b.__defaults__ for b in (*TUNED, *HELD_OUT)}
    n, seed = seeds[dialect.name]
    if dialect.is_flat:
        frame = flat(n, seed)
        columns = [c for c in frame if "@" not in c]
        tables = {
            "episodes": frame[[c for c in columns if c not in VERTEBRAE]],
            "vertebrae": frame[["episode_id", *VERTEBRAE]],
        }
    else:
        sim = simulate(n, seed=seed)
        tables = {t: getattr(sim, t) for t in set(dialect.roles.values())}
    registry, _ = registry_of_frames(tables)
    return {table: getattr(registry, table) for table in tables}


# Half of the last digit the foreign unit keeps, in ours.
_ROUNDED = {"fracture_age_days": 1.6, "sva_mm": 0.5, "vitamin_d_nmol_l": 0.13,
            "height_loss_pct": 0.051, "vas_baseline": 0.051, "vas": 0.051}  # fmt: skip


def assert_same(read: pd.Series, expected: pd.Series, where: str) -> None:
    assert len(read) == len(expected), where
    ours, theirs = read.reset_index(drop=True), expected.reset_index(drop=True)
    if where.endswith("patient_id") and not ours.equals(theirs):
        return  # the one key of the table stands for both
    if not pd.api.types.is_float_dtype(theirs):
        pd.testing.assert_series_equal(ours, theirs, check_names=False, check_dtype=False)
        return
    planted = ours.isna() & theirs.notna()
    assert planted.mean() < 0.05 if where.endswith("bmi_kg_m2") else not planted.any(), where
    atol = _ROUNDED.get(where.partition(".")[2], 1e-9)
    both = ~planted
    np.testing.assert_allclose(ours[both], theirs[both], atol=atol, rtol=0, err_msg=where)


def test_the_same_source_gives_the_same_file(tmp_path: Path) -> None:
    dialect = TUNED[0](n=150)
    texts = {compose(proposed_for(dialect, tmp_path), source="s", out="m") for _ in range(2)}
    assert len(texts) == 1


def test_every_column_is_accounted_for_once(tmp_path: Path) -> None:
    for build in (*TUNED, *HELD_OUT):
        dialect = build(n=120)
        found = proposed_for(dialect, tmp_path)
        for table in found.tables:
            placed = [p.column for p in table.columns if p.confidence != "low"]
            left = [c.column for c in table.open]
            if table.role == "episodes":
                placed += [c for w in found.wide for c in w.columns]
                left += [c.column for c in (*found.identifiers, *found.post_baseline)]
                left += [o.column for o in found.outcomes if o.confidence != "low"]
            columns = dialect.tables[table.file.removesuffix(".csv")].columns
            assert sorted({*placed, *left}) == sorted(columns)
            assert not set(placed) & set(left)
            assert len(left) == len(set(left))


def test_no_value_of_a_patient_is_written(tmp_path: Path) -> None:
    frame = pd.DataFrame({
        "age": np.linspace(60, 90, 40).round(1), "Nachname": [f"Muster{i}" for i in range(40)],
        "sex": ["f"] * 25 + ["m"] * 14 + ["secretword"], "note": ["rare remark", *["x"] * 39],
    })  # fmt: skip
    found = propose(
        {"a.csv": frame.astype("str")}, load_dictionary(), load_vocabulary(), is_flat=True
    )
    text = compose(found, source="a.csv", out="m.yaml")
    assert "Muster" not in text
    assert "secretword" not in text
    assert "rare remark" not in text


def test_nothing_to_propose() -> None:
    frame = pd.DataFrame({"y": ["1", "0"] * 9, "x1": ["a", "b"] * 9})
    words = load_vocabulary()
    with pytest.raises(ConfigError, match="no column resembles"):
        propose({"a.csv": frame}, load_dictionary(), words, is_flat=True)
    with pytest.raises(ConfigError, match="no table resembles"):
        propose({"a.csv": frame, "b.csv": frame}, load_dictionary(), words, is_flat=False)
