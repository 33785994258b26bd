from __future__ import annotations

import json

import numpy as np
import pytest

from tests.cohorts import make_arrays
from vfprog.data.readers import read_registry
from vfprog.features.arrays import EpisodeArrays
from vfprog.features.design import derive_features
from vfprog.schema.dictionary import load_dictionary
from vfprog.scoring.typicality_learn import LEAST_PATIENTS, learn_typicality
from vfprog.simulate import simulate, write

DICTIONARY = load_dictionary()


def shares(learned, arrays) -> np.ndarray:
    Z = learned.scores(derive_features(arrays, DICTIONARY), arrays.n)
    found = [learned.share_less_typical(z) for z in Z]
    return np.array([share for share in found if share is not None])


def furthest(values: np.ndarray) -> float:
    """Return the largest distance from uniform, Kolmogorov's."""
    ordered, n = np.sort(values), len(values)
    return float(np.abs(ordered - (np.arange(n) + 0.5) / n).max())


def test_too_few_patients_say_too_little() -> None:
    assert learn_typicality(make_arrays(LEAST_PATIENTS - 1), DICTIONARY) is None
    assert learn_typicality(make_arrays(LEAST_PATIENTS), DICTIONARY) is not None


def test_nothing_recorded_is_nothing_learned() -> None:
    empty = EpisodeArrays(300, {}, {}, np.zeros(0, dtype=np.intp))
    assert learn_typicality(empty, DICTIONARY) is None


def test_one_column_for_each_input() -> None:
    learned = learn_typicality(make_arrays(400), DICTIONARY)
    assert learned is not None
    assert {margin.feature for margin in learned.margins} == {
        "age_years", "vas_baseline", "t_score", "n_prevalent_fractures", "inpatient",
        "height_loss_pct_max", "intravertebral_cleft_any", "cement_total_ml",
    }  # fmt: skip


def test_no_values_of_a_patient_are_kept() -> None:
    arrays = make_arrays(400, seed=3)
    learned = learn_typicality(arrays, DICTIONARY)
    assert learned is not None
    kept = set()
    for margin in learned.as_dict()["margins"]:
        if not margin["edges"]:
            kept |= set(margin["values"])
    seen = {float(v) for values in (*arrays.episodes.values(), *arrays.vertebrae.values())
            for v in values if not np.isnan(v)}  # fmt: skip
    assert kept
    assert not kept & seen


def test_inputs_that_go_together_are_judged_together() -> None:
    rng = np.random.default_rng(5)
    age = rng.normal(75, 8, 2000)
    episodes = {"age_years": age, "t_score": -2.5 - 0.11 * (age - 75) + rng.normal(0, 0.4, 2000)}
    learned = learn_typicality(EpisodeArrays(2000, episodes, {}, np.zeros(0, np.intp)), DICTIONARY)
    assert learned is not None
    assert learned.correlation[0, 1] == pytest.approx(-0.86, abs=0.06)  # shrunk by .05
    people = {"age_years": np.array([85.0, 85.0]), "t_score": np.array([-3.6, -1.4])}
    usual, strange = shares(learned, EpisodeArrays(2, people, {}, np.zeros(0, np.intp)))
    assert strange < 0.01 < 0.3 < usual


def test_collinear_inputs_stay_apart_enough_to_be_inverted() -> None:
    rng = np.random.default_rng(6)
    tilt, slope = rng.normal(25, 10, 500), rng.normal(35, 8, 500)
    angles = {
        "pelvic_tilt_deg": tilt,
        "sacral_slope_deg": slope,
        "pelvic_incidence_deg": tilt + slope,
    }
    learned = learn_typicality(EpisodeArrays(500, angles, {}, np.zeros(0, np.intp)), DICTIONARY)
    assert learned is not None
    assert np.linalg.eigvalsh(learned.correlation)[0] >= 0.01
    assert np.linalg.eigvalsh(learned.latent)[0] > 0


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory):
    """Development patients, and new ones of the same registry."""
    folder = tmp_path_factory.mktemp("typical")
    made = [write(simulate(n, seed=s), folder / f"r{s}") for n, s in ((1000, 21), (500, 22))]
    return [read_registry(place)[0].arrays() for place in made]


@pytest.mark.slow
@pytest.mark.parametrize("blank", [0.0, 0.3, 0.7])
def test_the_share_is_uniform_for_new_patients_whatever_is_blank(registries, blank) -> None:
    development, fresh = registries
    learned = learn_typicality(development, DICTIONARY)
    rng = np.random.default_rng(7)
    names = [*fresh.episodes, *fresh.vertebrae]
    patient = fresh.blanked({name: rng.random(fresh.n) < blank for name in names})
    found = shares(learned, patient)
    # The 5 % limit of Kolmogorov's distance for 500 patients is .061; the copula is not exact, but
    # the tail, which is what a clinician reads, is to be right.
    assert furthest(found) < 0.12
    assert 0.02 < (found < 0.05).mean() < 0.09


@pytest.mark.slow
@pytest.mark.parametrize(
    "strange",
    [
        {"age_years": 30.0, "t_score": 2.0},
        # Each value is usual: a pelvis that asks for lordosis, and neither tilt nor lordosis.
        {"pelvic_incidence_deg": 75.0, "pelvic_tilt_deg": 12.0, "lumbar_lordosis_deg": 30.0},
    ],
)
def test_strange_patients_lie_in_the_tail(registries, strange) -> None:
    learned = learn_typicality(registries[0], DICTIONARY)
    episodes = {name: np.array([value]) for name, value in strange.items()}
    (share,) = shares(learned, EpisodeArrays(1, episodes, {}, np.zeros(0, np.intp)))
    assert share < 0.01


@pytest.mark.slow
def test_what_is_kept_is_small_and_plain(registries) -> None:
    learned = learn_typicality(registries[0], DICTIONARY)
    assert len(json.dumps(learned.as_dict())) < 60_000
