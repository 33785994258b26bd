import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from vfprog.errors import TrainingError
from vfprog.features.encoder import encode
from vfprog.models.encoder import ClinicalEncoder
from vfprog.models.linear import LinearLearner


def sample(n=250, seed=0):
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [rng.normal(75, 8, n), rng.uniform(0, 10, n), rng.integers(0, 2, n), rng.poisson(1.5, n)]
    ).astype(float)
    y = (rng.random(n) < 1 / (1 + np.exp(-(X[:, 1] - 5) / 2 - 0.8 * X[:, 2]))).astype(float)
    X[rng.random(n) < 0.2, 0] = np.nan
    X[rng.random(n) < 0.1, 2] = np.nan
    return X, y, rng.uniform(0.5, 2, n)


KINDS = np.array([True, True, False, True])


def learner(X, y, weight, *, splines=True, continuous=KINDS, adaptive=False):
    return LinearLearner(X, y, weight, continuous=continuous, splines=splines, adaptive=adaptive)


def part_of(X, y, weight, penalty, **options):
    return learner(X, y, weight, **options).fit(penalty, reference=X, weight=weight)


@pytest.mark.parametrize("splines", [True, False])
def test_the_fit_is_that_of_a_scikit_learn_pipeline(splines):
    X, y, weight = sample()
    part = part_of(X, y, weight, 0.1, splines=splines)
    encoder = ClinicalEncoder(splines=splines)
    names = encoder.fit(X).get_feature_names_out()
    # Spline terms and indicators are penalised four times as hard: half the prior sd.
    prior = np.array([0.5 if "_" in name else 1.0 for name in names])
    assert (prior == 0.5).sum() == (2 + 6 if splines else 2)
    shrink = FunctionTransformer(lambda Z: Z * prior)
    logistic = LogisticRegression(C=0.1, tol=1e-10)
    pipeline = make_pipeline(encoder, StandardScaler(), shrink, logistic)
    pipeline.fit(
        X, y, clinicalencoder__sample_weight=weight, standardscaler__sample_weight=weight,
        logisticregression__sample_weight=weight,
    )  # fmt: skip
    fresh = sample(seed=1)[0]
    assert part.margin(fresh) == pytest.approx(pipeline.decision_function(fresh), abs=2e-5)


@pytest.mark.parametrize("adaptive", [False, True])
def test_a_path_is_its_separate_fits(adaptive):
    X, y, weight = sample()
    penalties, fresh = (1e-3, 0.03, 1.0), sample(seed=1)[0]
    path = learner(X, y, weight, adaptive=adaptive).path(penalties, fresh)
    assert path.shape == (3, 250)
    for penalty, margins in zip(penalties, path, strict=True):
        part = part_of(X, y, weight, penalty, adaptive=adaptive)
        assert margins == pytest.approx(part.margin(fresh), abs=2e-3)
    assert np.ptp(path[0]) < np.ptp(path[1]) < np.ptp(path[2])


def test_an_adaptive_prior_is_the_expected_square_of_a_first_fit():
    X, y, weight = sample()
    part = part_of(X, y, weight, 0.1, splines=False, adaptive=True)
    terms = encode(part.encoding, X).reshape(len(X), -1)
    used = terms.std(axis=0) > 0
    prior = np.tile([1.0, 0.5, 0.5, 0.5], 4)[used]
    scaler = StandardScaler().fit(terms[:, used], sample_weight=weight)
    Z = scaler.transform(terms[:, used]) * prior
    first = sm.GLM(y, sm.add_constant(Z), sm.families.Binomial(), freq_weights=weight)
    ridge = LogisticRegression(C=0.1, tol=1e-10).fit(Z, y, sample_weight=weight)
    coef = np.concatenate([ridge.intercept_, ridge.coef_[0]])
    # The intercept has no prior.
    precision = -first.hessian(coef) + np.diag([0.0] + [1 / 0.1] * len(prior))
    sd = np.sqrt(coef**2 + np.diag(np.linalg.inv(precision)))[1:]
    second = LogisticRegression(C=1.0, tol=1e-10).fit(Z * sd, y, sample_weight=weight)
    assert part.margin(X) == pytest.approx(second.decision_function(Z * sd), abs=2e-5)


def test_an_adaptive_prior_spares_the_signal_and_shrinks_the_noise():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(400, 30))
    y = (rng.random(400) < 1 / (1 + np.exp(-X[:, 0]))).astype(float)
    kinds = {"splines": False, "continuous": np.zeros(30, dtype=bool)}
    plain, adaptive = (
        part_of(X, y, np.ones(400), 0.03, adaptive=how, **kinds).coef[:, 0] for how in (False, True)
    )

    def noise(coef):
        return np.abs(coef[1:]).sum() / coef[0]

    assert noise(adaptive) < 0.7 * noise(plain)


def test_without_penalty_it_is_the_weighted_glm_of_statsmodels():
    X, y, weight = sample()
    part = part_of(X, y, weight, 1e8, splines=False)
    columns = encode(part.encoding, X)
    used = part.coef != 0
    glm = sm.GLM(y, sm.add_constant(columns[:, used]), sm.families.Binomial(), freq_weights=weight)
    expected = glm.fit().params
    assert part.intercept == pytest.approx(expected[0], abs=1e-4)
    assert part.coef[used] == pytest.approx(expected[1:], abs=1e-4)


@pytest.mark.parametrize("adaptive", [False, True])
def test_weights_count_as_repeated_rows(adaptive):
    X, y, _ = sample(120)
    often = np.random.default_rng(3).integers(0, 4, 120)
    rows = np.repeat(np.arange(120), often)
    weighted = part_of(X, y, often.astype(float), 0.1, adaptive=adaptive)
    repeated = part_of(X[rows], y[rows], np.ones(len(rows)), 0.1, adaptive=adaptive)
    fresh = sample(seed=2)[0]
    assert weighted.margin(fresh) == pytest.approx(repeated.margin(fresh), abs=1e-6)
    assert weighted.center == pytest.approx(repeated.center)


def test_the_sum_of_weights_scales_the_penalty():
    X, y, weight = sample()
    fresh = sample(seed=1)[0]
    one = part_of(X, y, 10 * weight, 0.01).margin(fresh)
    other = part_of(X, y, weight, 0.1).margin(fresh)
    assert one == pytest.approx(other, abs=1e-5)
    assert one != pytest.approx(part_of(X, y, weight, 0.01).margin(fresh), abs=1e-2)


def test_a_column_unknown_throughout_has_no_part():
    X, y, weight = sample()
    gone = X.copy()
    gone[:, 1] = np.nan
    part = part_of(gone, y, weight, 0.1)
    assert part.coef[1].tolist() == [0, 0, 0, 0]
    without = np.delete(X, 1, axis=1)
    expected = part_of(without, y, weight, 0.1, continuous=np.delete(KINDS, 1))
    # Whatever the new patients' values there are, they change nothing.
    assert part.margin(X) == pytest.approx(expected.margin(without), abs=1e-6)
    base, phi = part.contributions(X)
    assert (phi[:, 1] == 0).all()
    assert base + phi.sum(axis=1) == pytest.approx(part.margin(X))


def test_a_constant_column_has_no_part():
    X, y, weight = sample()
    X[:, 3] = 1234.5
    part = part_of(X, y, weight, 0.1)
    assert part.coef[3].tolist() == [0, 0, 0, 0]
    assert np.isfinite(part.margin(sample(seed=1)[0])).all()


def test_contributions_are_against_the_reference_rows():
    X, y, weight = sample()
    part = learner(X, y, weight).fit(0.1, reference=X[:50], weight=weight[:50])
    base, phi = part.contributions(X[:50])
    assert np.average(phi, weights=weight[:50], axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert base == pytest.approx(np.average(part.margin(X[:50]), weights=weight[:50]))


def test_nothing_that_varies_is_refused():
    X, y, weight = np.ones((20, 4)), np.arange(20) % 2.0, np.ones(20)
    with pytest.raises(TrainingError, match="no predictor varies"):
        learner(X, y, weight)
