from __future__ import annotations

import pandas as pd
import pytest

from vfprog.data.proposing.fits import Fitter
from vfprog.data.proposing.names import Namer
from vfprog.data.proposing.reading import Fit
from vfprog.data.proposing.sketch import sketch
from vfprog.data.proposing.slots import slots_of
from vfprog.data.proposing.vocabulary import load_vocabulary
from vfprog.schema.dictionary import load_dictionary


def fit(ours: str, values: list[object], keys: frozenset[str] = frozenset()) -> Fit:
    words = load_vocabulary()
    slot = next(s for s in slots_of("episodes", load_dictionary(), ()) if s.name == ours)
    seen = sketch("x", pd.Series(values, dtype="str"), words)
    return Fitter(words, Namer(words), keys).fit(seen, slot)


def test_keys() -> None:
    names = [f"e{i}" for i in range(40)]
    assert fit("episode_id", names).agreement == 1
    assert fit("episode_id", names[:20] * 2).agreement < 0.3
    assert fit("patient_id", names[:30] + names[:10]).agreement == 1
    assert fit("site_id", ["a", "b", "c", "d"] * 10).agreement == 1
    assert fit("site_id", names).agreement < 0.3
    assert fit("episode_id", [f"{i}.5" for i in range(40)]).agreement == 0


def test_keys_of_another_table_tell_themselves() -> None:
    keys = frozenset(f"e{i}" for i in range(10))
    known = fit("episode_id", ["e1", "e1", "e2"], keys)
    assert (known.agreement, known.telling) == (1, 0.9)
    assert fit("episode_id", ["x", "y", "e1"], keys).agreement == pytest.approx(1 / 3)


def test_dates() -> None:
    assert fit("index_date", ["31.03.2024"]).date_format == "%d.%m.%Y"
    assert fit("index_date", ["2024-03-31"]).date_format is None
    assert fit("index_date", ["many words"]).agreement == 0
    unsure = fit("index_date", ["01/02/2024"])
    assert not unsure.sure
    assert unsure.question == "is it %d/%m/%Y or %m/%d/%Y?"


def test_an_empty_column_says_nothing() -> None:
    assert fit("bmi_kg_m2", [None, None]).agreement == 0.5
