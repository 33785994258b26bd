from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from vfprog.features.arrays import EpisodeArrays
from vfprog.features.eligibility import eligibility
from vfprog.schema.dictionary import LEVELS, load_dictionary
from vfprog.schema.trials import Trial, load_trials

NAN = float("nan")
DICTIONARY = load_dictionary()
TRIALS = {trial.name: trial for trial in load_trials()}
# A woman of 75, a fracture of L1 four weeks old with oedema, pain of 8: in every trial that does
# not ask for another setting or an older fracture.
TYPICAL = {"age_years": 75.0, "fracture_age_days": 28.0, "vas_baseline": 8.0, "t_score": -2.5,
           "inpatient": 0.0}  # fmt: skip
L1 = {"level": float(LEVELS.index("L1")), "mri_oedema": 1.0, "height_loss_pct": 30.0}


def arrays_of(*patients, vertebrae=((L1,),)) -> EpisodeArrays:
    """Return one episode per patient; vertebrae are repeated for all where given once."""
    listed = list(vertebrae) * (len(patients) if len(vertebrae) == 1 else 1)
    flat = [vertebra for of_one in listed for vertebra in of_one]
    owner = np.array([row for row, of_one in enumerate(listed) for _ in of_one], dtype=np.intp)
    return EpisodeArrays(
        len(patients),
        {name: np.array([p.get(name, NAN) for p in patients]) for name in TYPICAL},
        {name: np.array([v.get(name, NAN) for v in flat]) for name in L1},
        owner,
    )


def verdict(name: str, arrays: EpisodeArrays) -> list[int]:
    return eligibility(TRIALS[name], arrays, DICTIONARY).eligible.tolist()


# The entry criteria as published, each limit from both sides: 1 in, -1 out, 0 not known.
TABLE = [
    ("VERTOS", {"fracture_age_days": 41.0}, -1),
    ("VERTOS", {"fracture_age_days": 42.0}, 1),
    ("VERTOS", {"fracture_age_days": 182.0}, 1),
    ("VERTOS", {"fracture_age_days": 183.0}, -1),
    ("VERTOS_II", {}, 1),
    ("VERTOS_II", {"age_years": 50.0}, 1),
    ("VERTOS_II", {"age_years": 49.0}, -1),
    ("VERTOS_II", {"fracture_age_days": 42.0}, 1),
    ("VERTOS_II", {"fracture_age_days": 43.0}, -1),
    ("VERTOS_II", {"vas_baseline": 5.0}, 1),
    ("VERTOS_II", {"vas_baseline": 4.9}, -1),
    ("VERTOS_II", {"t_score": -1.0}, 1),
    ("VERTOS_II", {"t_score": -0.9}, -1),
    ("VERTOS_II", {"t_score": NAN}, 0),
    ("VERTOS_II", {"t_score": NAN, "age_years": 49.0}, -1),
    ("VERTOS_IV", {}, 1),
    ("VERTOS_IV", {"age_years": 49.0}, -1),
    ("VERTOS_IV", {"fracture_age_days": 63.0}, 1),
    ("VERTOS_IV", {"fracture_age_days": 64.0}, -1),
    ("VERTOS_IV", {"vas_baseline": 4.0}, -1),
    ("VERTOS_IV", {"inpatient": 1.0}, -1),
    ("VERTOS_IV", {"inpatient": NAN}, 0),
    ("VERTOS_IV", {"t_score": NAN}, 1),
    ("VAPOUR", {}, 1),
    ("VAPOUR", {"age_years": 60.0}, 1),
    ("VAPOUR", {"age_years": 59.0}, -1),
    ("VAPOUR", {"fracture_age_days": 43.0}, -1),
    ("VAPOUR", {"vas_baseline": 7.0}, 1),
    ("VAPOUR", {"vas_baseline": 6.9}, -1),
    ("VAPOUR", {"inpatient": 1.0}, 1),
    ("BUCHBINDER", {"age_years": 30.0, "vas_baseline": 1.0}, 1),
    ("BUCHBINDER", {"fracture_age_days": 365.0}, -1),
    ("KALLMES", {"vas_baseline": 3.0}, 1),
    ("KALLMES", {"vas_baseline": 2.9}, -1),
    ("KALLMES", {"fracture_age_days": 365.0}, -1),
    ("KALLMES", {"age_years": 49.0}, -1),
    ("BLASCO", {"vas_baseline": 4.0}, 1),
    ("BLASCO", {"vas_baseline": 3.9}, -1),
    ("BLASCO", {"fracture_age_days": 365.0}, -1),
    ("BLASCO", {"fracture_age_days": NAN}, 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "expected"), TABLE)
def test_the_published_limits_from_both_sides(name, change, expected) -> None:
    assert verdict(name, arrays_of(TYPICAL | change)) == [expected]


@pytest.mark.parametrize(
    ("name", "largest"), [("VAPOUR", 2), ("BUCHBINDER", 2), ("KALLMES", 3), ("VERTOS_II", 14)]
)
def test_how_many_fractures_a_trial_took(name, largest) -> None:
    many = tuple(L1 | {"level": float(place)} for place in range(14))
    for number in range(1, 15):
        spine = many[-number:]
        found = verdict(name, arrays_of(TYPICAL, vertebrae=(spine,)))
        assert found == [1 if number <= largest else -1]


@pytest.mark.parametrize("name", ["VERTOS_II", "VERTOS_IV", "VAPOUR", "BUCHBINDER"])
@pytest.mark.parametrize(("oedema", "expected"), [(1.0, 1), (0.0, -1), (NAN, 0)])
def test_oedema_was_required(name, oedema, expected) -> None:
    arrays = arrays_of(TYPICAL, vertebrae=((L1 | {"mri_oedema": oedema},),))
    assert verdict(name, arrays) == [expected]


def test_invest_did_not_ask_for_oedema() -> None:
    assert verdict("KALLMES", arrays_of(TYPICAL, vertebrae=((L1 | {"mri_oedema": 0.0},),))) == [1]


def test_without_vertebrae_what_is_asked_of_them_is_unknown() -> None:
    arrays = arrays_of(TYPICAL, vertebrae=((),))
    found = eligibility(TRIALS["VAPOUR"], arrays, DICTIONARY)
    assert found.which(0, 0) == ("oedema on MRI", "at most 2 fractures")
    assert found.which(0, -1) == ()
    assert verdict("BLASCO", arrays) == [1]


def test_one_fracture_must_meet_all_that_is_asked_of_it() -> None:
    # Oedema in a vertebra that is hardly lower, height loss in an old one without oedema.
    fresh, old = L1 | {"height_loss_pct": 5.0}, L1 | {"mri_oedema": 0.0, "level": 7.0}
    arrays = arrays_of(TYPICAL, vertebrae=((fresh, old),))
    found = eligibility(TRIALS["VERTOS_II"], arrays, DICTIONARY)
    words = "oedema on MRI, height loss of 15 % or more, fracture at T5 or lower"
    assert found.eligible.tolist() == [-1]
    assert found.which(0, -1) == (f"in one fracture: {words}",)
    # Nothing of a single criterion is said twice.
    alone = arrays_of(TYPICAL, vertebrae=((fresh,),))
    assert eligibility(TRIALS["VERTOS_II"], alone, DICTIONARY).which(0, -1) == (
        "height loss of 15 % or more",
    )


def test_against_all_ways_the_unknown_could_turn_out() -> None:
    """What is said to be sure is so whatever the unknown values are; else both are possible."""
    choices = {"age_years": (40.0, 75.0), "mri_oedema": (0.0, 1.0), "height_loss_pct": (5.0, 30.0)}
    for age, *pairs in product((40.0, 75.0, NAN), *[(0.0, 1.0, NAN), (5.0, 30.0, NAN)] * 2):
        given = [age, *pairs]
        names = ("age_years", "mri_oedema", "height_loss_pct", "mri_oedema", "height_loss_pct")
        options = [choices[n] if np.isnan(v) else (v,) for n, v in zip(names, given, strict=True)]
        verdicts = {_enrolled(*world) for world in product(*options)}
        expected = 0 if len(verdicts) == 2 else (1 if verdicts.pop() else -1)
        assert verdict("VERTOS_II", _two(*given)) == [expected], given


def _enrolled(age, oedema, loss, other_oedema, other_loss) -> bool:
    return age >= 50 and ((oedema == 1 and loss >= 15) or (other_oedema == 1 and other_loss >= 15))


def _two(age, oedema, loss, other_oedema, other_loss) -> EpisodeArrays:
    one = L1 | {"mri_oedema": oedema, "height_loss_pct": loss}
    other = L1 | {"mri_oedema": other_oedema, "height_loss_pct": other_loss, "level": 10.0}
    return arrays_of(TYPICAL | {"age_years": age}, vertebrae=((one, other),))


def test_many_at_once_are_each_alone() -> None:
    rng = np.random.default_rng(1)
    people = [
        {k: (NAN if rng.random() < 0.2 else v * rng.uniform(0.5, 1.5)) for k, v in TYPICAL.items()}
        for _ in range(60)
    ]
    spines = [tuple([L1, L1 | {"mri_oedema": 0.0}][: rng.integers(0, 3)]) for _ in people]
    together = arrays_of(*people, vertebrae=tuple(spines))
    for trial in TRIALS.values():
        found = eligibility(trial, together, DICTIONARY)
        for row, person in enumerate(people):
            alone = arrays_of(person, vertebrae=(spines[row],))
            one = eligibility(trial, alone, DICTIONARY)
            assert found.status[:, row].tolist() == one.status[:, 0].tolist()


def test_nothing_recorded_is_nothing_known() -> None:
    empty = EpisodeArrays(2, {}, {}, np.zeros(0, dtype=np.intp))
    for trial in load_trials():
        found = eligibility(trial, empty, DICTIONARY)
        assert (found.status == 0).all()
        assert found.words == tuple(c.words for c in trial.inclusion)


def test_no_episodes() -> None:
    empty = EpisodeArrays(0, {}, {}, np.zeros(0, dtype=np.intp))
    trial: Trial = TRIALS["VAPOUR"]
    assert eligibility(trial, empty, DICTIONARY).eligible.shape == (0,)
