from __future__ import annotations

from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.patient import read_patients
from vfprog.serving.trial_patients import trial_patients


def test_the_patients_are_legal_and_know_more_and_more() -> None:
    dictionary = load_dictionary()
    one, before, everything = trial_patients(dictionary).values()
    read_patients([one, before, everything], dictionary)
    assert len(one) == 1
    assert set(before) == {p.name for p in dictionary.of_table("episodes")} | {"vertebrae"}
    assert set(everything["vertebrae"][0]) - set(before["vertebrae"][0]) == {
        p.name for p in dictionary.of_table("vertebrae") if p.known_at == "procedure"
    }
