import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sksurv.nonparametric import cumulative_incidence_competing_risks

from tests.data.registries import make_registry, pain
from vfprog.data.cohort import build_cohort
from vfprog.data.outcomes import Outcome
from vfprog.data.weights import covariate_matrix, delta_adjusted_risk, outcome_weights
from vfprog.errors import ConfigError, TrainingError

HORIZON = 10


def dated(time, status, horizon=HORIZON):
    """Status 0, 1, 2 as in competing risks; 0 before the horizon is a censoring."""
    time, status = np.array(time, dtype=float), np.array(status, dtype=np.intp)
    status = np.where(time > horizon, 0, status)
    observed = (status > 0) | (time >= horizon)
    return Outcome(np.minimum(time, horizon), observed, status == 1, status, assessed_kind=False)


def assessed(observed, event, died=None):
    observed, event = np.array(observed, dtype=bool), np.array(event, dtype=bool)
    died = np.zeros(len(observed), dtype=bool) if died is None else np.array(died, dtype=bool)
    status = np.where(died, 2, event.astype(int)).astype(np.intp)
    return Outcome(np.ones(len(observed)), observed, event, status, assessed_kind=True)


def test_seven_patients_by_hand():
    # T         2  3  3  5  5  9  12      horizon 10
    # status    1  0  1  2  0  1   -      - : event free beyond the horizon
    # G just before: 1 up to day 3, 4/5 after it, 4/5 * 2/3 = 8/15 after day 5.
    outcome = dated([2, 3, 3, 5, 5, 9, 12], [1, 0, 1, 2, 0, 1, 1])
    weights = outcome_weights(outcome, HORIZON, truncate=1)
    assert weights == pytest.approx([1, 0, 1, 5 / 4, 0, 15 / 8, 15 / 8])
    assert weights.sum() == pytest.approx(7)


def test_everyone_observed_weighs_one():
    outcome = dated([2, 3, 11], [1, 2, 0])
    for covariates in (None, np.array([[1.0], [2.0], [3.0]])):
        assert outcome_weights(outcome, HORIZON, covariates).tolist() == [1, 1, 1]


def test_a_censoring_at_the_horizon_is_observed_and_changes_nothing():
    weights = outcome_weights(dated([4, 10, 10, 12], [1, 0, 1, 0]), HORIZON)
    assert weights.tolist() == [1, 1, 1, 1]


RISKS = st.lists(st.tuples(st.integers(1, 14), st.integers(0, 2)), min_size=2, max_size=40)


@settings(max_examples=150, deadline=None)
@given(RISKS)
def test_weighted_events_are_the_aalen_johansen_estimate(rows):
    time, status = np.array(rows).T
    outcome = dated(time, status)
    assume((outcome.status == 1).any() and (outcome.status == 2).any())
    assume(outcome.observed.any())
    weights = outcome_weights(outcome, HORIZON, truncate=1)
    at, incidence = cumulative_incidence_competing_risks(outcome.status, outcome.time)
    for cause in (1, 2):
        ours = weights @ (outcome.status == cause) / len(time)
        assert ours == pytest.approx(incidence[cause][at <= HORIZON][-1], abs=1e-12)
    if at_risk_at_the_end(outcome):
        assert weights.sum() == pytest.approx(len(time))


def at_risk_at_the_end(outcome):
    """Whether nobody is censored on the last day, with no one left to stand for them."""
    return outcome.observed[outcome.time == outcome.time.max()].all()


@settings(max_examples=60, deadline=None)
@given(RISKS, st.sampled_from([0.5, 0.9, 0.99]))
def test_truncation_only_lowers_the_highest(rows, truncate):
    outcome = dated(*np.array(rows).T)
    assume(outcome.observed.any())
    whole = outcome_weights(outcome, HORIZON, truncate=1)
    limit = np.quantile(whole[outcome.observed], truncate)
    weights = outcome_weights(outcome, HORIZON, truncate=truncate)
    assert weights.tolist() == np.minimum(whole, limit).tolist()
    assert ((weights > 0) == outcome.observed).all()


@pytest.mark.parametrize("kind", [True, False])
@pytest.mark.parametrize("conditional", [True, False])
def test_multiplicity_is_the_same_as_repeated_rows(kind, conditional):
    rng = np.random.default_rng(3)
    base = dated(rng.integers(1, 15, 60), rng.integers(0, 3, 60))
    outcome = Outcome(base.time, base.observed, base.event, base.status, kind)
    X = rng.normal(size=(60, 2)) if conditional else None
    often = rng.integers(0, 3, 60)
    rows = np.repeat(np.arange(60), often)
    repeated = outcome_weights(outcome.take(rows), HORIZON, None if X is None else X[rows])
    weights = outcome_weights(outcome, HORIZON, X, multiplicity=often)
    assert weights[rows].tolist() == repeated.tolist()
    assert (weights[often == 0] == 0).all()


def test_assessment_weights_by_hand():
    # Eight patients: one died, five of the other seven were assessed.
    died = [1, 0, 0, 0, 0, 0, 0, 0]
    outcome = assessed([1, 1, 1, 1, 1, 1, 0, 0], [0, 1, 1, 0, 0, 0, 0, 0], died)
    weights = outcome_weights(outcome, 30, truncate=1)
    assert weights == pytest.approx([1, *[7 / 5] * 5, 0, 0])
    assert weights.sum() == pytest.approx(8)
    assert weights @ outcome.event / 8 == pytest.approx(2 * 7 / 5 / 8)


def test_assessment_weights_agree_with_a_plain_logistic_model():
    rng = np.random.default_rng(4)
    x = rng.normal(70, 8, 300)
    seen = rng.random(300) < expit((x - 70) / 8)
    z = ((x - x.mean()) / x.std())[:, None]
    model = LogisticRegression(C=1.0).fit(z, seen)
    weights = outcome_weights(assessed(seen, np.zeros(300)), 30, x[:, None], truncate=1)
    assert weights[seen] == pytest.approx(1 / model.predict_proba(z)[seen, 1], rel=1e-6)
    assert (weights[~seen] == 0).all()


def test_missing_covariates_have_an_indicator():
    # Those without the covariate are assessed half as often; its value says nothing.
    n = 400
    missing = np.arange(n) % 2 == 0
    seen = np.where(missing, np.arange(n) % 8 == 0, np.arange(n) % 4 == 1)
    seen |= ~missing & (np.arange(n) % 8 == 3)
    x = np.where(missing, np.nan, 5.0 + (np.arange(n) // 8) % 2)[:, None]
    weights = outcome_weights(assessed(seen, np.zeros(n)), 30, x, truncate=1)
    assert weights[seen & missing] == pytest.approx(4, rel=0.05)
    assert weights[seen & ~missing] == pytest.approx(n / 2 / seen[~missing].sum(), rel=0.05)


def test_covariates_that_do_not_vary_are_left_out():
    outcome = dated([2, 3, 11], [1, 0, 0])
    for column in (np.full(3, 7.0), np.full(3, np.nan)):
        conditional = outcome_weights(outcome, HORIZON, column[:, None])
        assert conditional.tolist() == outcome_weights(outcome, HORIZON).tolist()


def test_what_cannot_be_weighted_is_refused():
    with pytest.raises(TrainingError, match="no outcome is observed"):
        outcome_weights(dated([2, 3], [0, 0]), HORIZON)
    with pytest.raises(TrainingError, match="no outcome was assessed"):
        outcome_weights(assessed([1, 0], [0, 0], [1, 0]), 30)
    with pytest.raises(ValueError, match="truncate must lie above 0"):
        outcome_weights(dated([2], [1]), HORIZON, truncate=0)


def test_covariate_matrix_follows_the_configuration():
    registry = make_registry("abc", age_years=[70.0, np.nan, 80.0], sex=[0.0, 1.0, np.nan])
    cohort = build_cohort(registry, pain(weight_covariates=("age_years", "bmi_kg_m2", "sex")))
    matrix = covariate_matrix(cohort)
    assert np.array_equal(matrix, [[70, 0], [np.nan, 1], [80, np.nan]], equal_nan=True)
    assert covariate_matrix(build_cohort(registry, pain())) is None


@pytest.mark.parametrize("name", ["no_such", "cement_volume_ml", "mri_oedema", "anticoagulation"])
def test_covariates_must_be_known_before_and_of_the_episode(name):
    cohort = build_cohort(make_registry("ab"), pain(weight_covariates=(name,)))
    with pytest.raises(ConfigError, match=name):
        covariate_matrix(cohort)


def test_delta_adjustment_by_hand():
    # Four of six assessed, two events: weights 3/2, unseen risk 1/2 if like the seen.
    outcome = assessed([1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 0, 0])
    weights = outcome_weights(outcome, 30, truncate=1)
    table = delta_adjusted_risk(outcome, weights, [0, np.log(3)])
    assert table["n_not_assessed"].tolist() == [2, 2]
    assert table["risk_not_assessed"].to_numpy() == pytest.approx([0.5, 0.75])
    assert table["risk"].to_numpy() == pytest.approx([3 / 6, 3.5 / 6])


def test_the_unseen_resemble_those_who_stand_for_them():
    # The responder stands for two more, one of the others for one more: unseen risk 2/3.
    outcome = assessed([1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0])
    table = delta_adjusted_risk(outcome, np.array([3.0, 2.0, 1.0, 0, 0, 0]), [0])
    assert table["risk_not_assessed"].to_numpy() == pytest.approx([2 / 3])
    assert table["risk"].to_numpy() == pytest.approx([(1 + 2) / 6])


def test_delta_adjustment_is_for_assessed_outcomes_with_gaps():
    with pytest.raises(ValueError, match="this one is dated"):
        delta_adjusted_risk(dated([2], [1]), np.ones(1))
    with pytest.raises(ValueError, match="nobody's outcome is unknown"):
        delta_adjusted_risk(assessed([1, 1], [1, 0]), np.ones(2))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dated", "assessed"])
def test_weights_remove_the_bias_of_dropout_that_depends_on_covariates(kind):
    rng = np.random.default_rng(5)
    n = 40_000
    x = rng.normal(size=n)
    if kind == "assessed":
        truth = rng.random(n) < expit(x)
        seen = rng.random(n) < expit(0.5 + x)
        outcome, horizon = assessed(seen, truth & seen), 30
    else:
        fracture = rng.exponential(900 * np.exp(-0.8 * x))
        gone = rng.exponential(500 * np.exp(-0.8 * x))
        truth, horizon = fracture <= 365, 365
        status = (fracture <= gone).astype(int)
        outcome = dated(np.minimum(fracture, gone), status, horizon)
    weights = outcome_weights(outcome, horizon, x[:, None], truncate=1)
    seen = outcome.observed
    weighted = weights @ outcome.event / weights.sum()
    assert weighted == pytest.approx(truth.mean(), abs=0.01)
    assert abs(outcome.event[seen].mean() - truth.mean()) > 0.025
    if kind == "dated":
        plain = outcome_weights(outcome, horizon, truncate=1) @ outcome.event / n
        assert abs(plain - truth.mean()) > 0.015
