from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from vfprog.validation._check import UndefinedFigureError
from vfprog.validation.wald import joint_wald_test


def drawn(n=400, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4)) * [1, 20, 0.1, 3]
    y = (rng.random(n) < 1 / (1 + np.exp(-0.5 * x[:, 0] + 0.03 * x[:, 1]))).astype(float)
    return x, y, rng.uniform(0.5, 3, n), rng.integers(0, n // 2, n)


def test_the_statistic_is_that_of_a_clustered_glm() -> None:
    x, y, weight, patient = drawn()
    found = joint_wald_test(x[:, :2], x[:, 2:], y, sample_weight=weight, groups=patient)
    n_patients = len(np.unique(patient))
    family = sm.families.Binomial()
    # A weighted GLM by statsmodels; its sandwich has another finite-sample factor, taken out.
    options = {"groups": patient, "use_correction": False}
    fit = sm.GLM(y, sm.add_constant(x), family=family, freq_weights=weight).fit(tol=1e-12)
    scores = (weight * (y - fit.mu))[:, None] * sm.add_constant(x)
    sums = np.array([scores[patient == p].sum(axis=0) for p in np.unique(patient)])
    bread = np.linalg.inv(
        (sm.add_constant(x) * (weight * fit.mu * (1 - fit.mu))[:, None]).T @ sm.add_constant(x)
    )
    covariance = bread @ sums.T @ sums @ bread * n_patients / (n_patients - 1)
    b = fit.params[3:]
    wanted = b @ np.linalg.inv(covariance[3:, 3:]) @ b
    assert found.coef == pytest.approx(b, rel=1e-6)
    assert found.statistic == pytest.approx(wanted, rel=1e-6)
    unweighted = sm.GLM(y, sm.add_constant(x), family=family).fit(
        cov_type="cluster", cov_kwds=options
    )
    plain = joint_wald_test(x[:, :2], x[:, 2:], y, groups=patient)
    contrast = np.eye(5)[3:]
    theirs = float(unweighted.wald_test(contrast, scalar=True).statistic)
    assert plain.statistic * n_patients / (n_patients - 1) == pytest.approx(theirs, rel=1e-6)


def test_units_do_not_matter_to_the_statistic() -> None:
    x, y, weight, patient = drawn(seed=3)
    one = joint_wald_test(x[:, :2], x[:, 2:], y, sample_weight=weight, groups=patient)
    other = joint_wald_test(x[:, :2] * 10, x[:, 2:] * [5, 100] + 7, y, sample_weight=7 * weight,
                            groups=patient)  # fmt: skip
    assert other.statistic == pytest.approx(one.statistic, rel=1e-7)
    assert other.coef * [5, 100] == pytest.approx(one.coef, rel=1e-7)


def test_the_test_keeps_its_level() -> None:
    rng = np.random.default_rng(5)
    rejected = 0
    for _ in range(400):
        x = rng.normal(size=(300, 3))
        y = (rng.random(300) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
        rejected += joint_wald_test(x[:, :1], x[:, 1:], y).p_value < 0.05
    assert 0.02 <= rejected / 400 <= 0.09


@pytest.mark.parametrize(
    ("column", "said"),
    [(np.ones(40), "one value only"), (np.arange(40.0), "separate")],
)
def test_what_cannot_be_tested_is_refused(column, said) -> None:
    y = np.repeat([0.0, 1], 20)
    with pytest.raises(UndefinedFigureError, match=said):
        joint_wald_test(np.zeros((40, 0)), column[:, None], y)
