from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from tests.validation.samples import draw
from vfprog.validation.comparison import differences_to_strategy, paired_differences
from vfprog.validation.discrimination import c_statistic
from vfprog.validation.utility import net_benefit


def two(n, seed):
    y, risk, weight, groups = draw(n, seed)
    noise = np.random.default_rng(seed + 1).normal(0, 0.7, n)
    return y, risk, expit(logit(risk) + noise), weight, groups


def delong(y, a, b):
    """Sun and Xu's midranks written out: the variance of the difference of two areas."""
    case, other = y == 1, y == 0

    def parts(s):
        wins = (s[case][:, None] > s[other]) + 0.5 * (s[case][:, None] == s[other])
        return wins.mean(axis=1), wins.mean(axis=0)

    (v10a, v01a), (v10b, v01b) = parts(a), parts(b)
    variance = np.var(v10a - v10b, ddof=1) / case.sum() + np.var(v01a - v01b, ddof=1) / other.sum()
    return v10a.mean() - v10b.mean(), np.sqrt(variance)


def test_the_c_statistics_are_compared_as_delong_did():
    y, a, b, _, _ = two(250, 1)
    row = paired_differences(y, a, b).set_index("metric").loc["c_statistic"]
    value, error = delong(y, a, b)
    assert row["difference"] == pytest.approx(value)
    assert (row["upper"] - row["lower"]) / (2 * 1.959964) == pytest.approx(error, rel=1e-6)
    assert row["p_value"] == pytest.approx(2 * stats.norm.sf(abs(value) / error), rel=1e-6)


def test_losses_are_a_paired_t_interval():
    y, a, b, _, _ = two(250, 2)
    table = paired_differences(y, a, b).set_index("metric")
    losses = {
        "brier": (y - a) ** 2 - (y - b) ** 2,
        "log_loss": -y * np.log(a / b) - (1 - y) * np.log((1 - a) / (1 - b)),
    }
    for metric, each in losses.items():
        error = each.std(ddof=1) / np.sqrt(250)
        row = table.loc[metric]
        assert row["difference"] == pytest.approx(each.mean())
        assert row["lower"] == pytest.approx(each.mean() - 1.959964 * error, rel=1e-6)
        assert row["better"] == "lower"
    assert table.loc["c_statistic", "better"] == "higher"


def test_differences_are_those_of_the_single_figures_and_repeats_average():
    y, a, b, weight, groups = two(300, 3)
    shared = {"sample_weight": weight, "groups": groups}
    table = paired_differences(y, np.stack([a, b]), b, **shared, thresholds=(0.3,)).set_index(
        "metric"
    )
    ours = [c_statistic(y, r, **shared).estimate for r in (a, b)]
    assert table.loc["c_statistic", "difference"] == pytest.approx((ours[0] - ours[1]) / 2)
    gain = [net_benefit(y, r, threshold=0.3, **shared).estimate for r in (a, b)]
    assert table.loc["net_benefit_at_0.3", "difference"] == pytest.approx((gain[0] - gain[1]) / 2)


def test_doubled_rows_of_a_patient_widen_nothing():
    y, a, b, weight, _ = two(200, 4)
    once = paired_differences(y, a, b, sample_weight=weight, groups=np.arange(200))
    twice = paired_differences(
        *(np.tile(x, 2) for x in (y, a, b)), sample_weight=np.tile(weight, 2),
        groups=np.tile(np.arange(200), 2),
    )  # fmt: skip
    np.testing.assert_allclose(twice["lower"], once["lower"])
    apart = paired_differences(*(np.tile(x, 2) for x in (y, a, b)))
    assert (
        apart.loc[0, "upper"] - apart.loc[0, "lower"] < once.loc[0, "upper"] - once.loc[0, "lower"]
    )


def test_weighted_limits_are_those_of_a_bootstrap_of_patients():
    y, a, b, weight, groups = two(500, 5)
    shared = {"sample_weight": weight, "groups": groups}
    table = paired_differences(y, a, b, **shared, thresholds=(0.3,)).set_index("metric")
    rng, drawn = np.random.default_rng(0), []
    for _ in range(400):
        patients = np.unique(groups)
        times = np.bincount(rng.choice(patients, len(patients)), minlength=500)[groups]
        found = paired_differences(y, a, b, sample_weight=weight * times, thresholds=(0.3,))
        drawn.append(found["difference"].to_numpy())
    spread = np.std(drawn, axis=0)
    halves = ((table["upper"] - table["lower"]) / (2 * 1.959964)).to_numpy()
    assert halves == pytest.approx(spread, rel=0.12)


def test_a_score_is_compared_by_what_it_ranks():
    y, a, b, _, _ = two(200, 6)
    table = paired_differences(y, a, np.full(200, 0.3), ranking=b).set_index("metric")
    plain = paired_differences(y, a, b).set_index("metric")
    assert table.loc["c_statistic", "difference"] == plain.loc["c_statistic", "difference"]
    assert table.loc["brier", "difference"] != plain.loc["brier", "difference"]


def test_strategies_by_hand():
    # Two of four are acted on rightly, one wrongly: 2/4 - 1/4 * .25; all: 2/4 - 2/4 * .25.
    y, risk = [1, 1, 0, 0], [0.9, 0.2, 0.5, 0.1]
    to_all = differences_to_strategy(y, risk, treat_all=True, thresholds=(0.2,)).iloc[0]
    to_none = differences_to_strategy(y, risk, treat_all=False, thresholds=(0.2,)).iloc[0]
    assert to_all["difference"] == pytest.approx(0.0625)
    assert to_none["difference"] == pytest.approx(0.4375)
    assert to_all["lower"] < to_all["difference"] < to_all["upper"]


def test_nothing_is_undefined_without_a_reason():
    y, a, _, _, _ = two(100, 7)
    same = paired_differences(y, a, a)
    assert (same["difference"] == 0).all()
    assert same["p_value"].isna().all()
    assert (same["reason"] == "no p-value: no participant differs").all()
    one_class = paired_differences(np.zeros(5), np.full(5, 0.2), np.full(5, 0.3)).set_index(
        "metric"
    )
    assert one_class.loc["c_statistic", "reason"].startswith("c_statistic is undefined")
    assert one_class.loc["brier", "reason"].startswith("no interval")
    with pytest.raises(ValueError, match="risk must lie strictly"):
        paired_differences(y, a, np.ones(100))


@pytest.mark.slow
def test_limits_hold_the_true_difference():
    rng, held = np.random.default_rng(8), []
    for _ in range(400):
        x, z = rng.normal(size=(2, 300))
        y = (rng.random(300) < expit(-1 + x + z)).astype(float)
        # Both rank alike by symmetry, so the true difference of the c-statistics is 0.
        row = paired_differences(y, expit(-1 + x), expit(-1 + z)).iloc[0]
        held.append(row["lower"] < 0 < row["upper"])
    assert np.mean(held) == pytest.approx(0.95, abs=0.044)  # four standard errors


def test_who_says_nothing_is_no_worse_than_chance_within_folds():
    # Learned without the fold, the prevalence is the higher the fewer events the fold itself has:
    # pairs across folds rank against it.
    rng = np.random.default_rng(3)
    y, fold = (rng.random(400) < 0.3).astype(float), np.arange(400) % 10
    flat = np.array([y[fold != k].mean() for k in range(10)])[fold]
    assert c_statistic(y, flat).estimate < 0.46
    ours = expit(logit(flat) + y + rng.normal(0, 2, 400))
    row = paired_differences(y, ours, flat, folds=fold).set_index("metric").loc["c_statistic"]
    assert row["difference"] == pytest.approx(c_statistic(y, ours, folds=fold).estimate - 0.5)


def test_limits_within_folds_are_those_of_a_bootstrap_of_patients():
    y, a, b, weight, groups = two(500, 7)
    fold, a = groups % 5, np.where(a > 0.4, 0.5, 0.2) + 0.01 * (groups % 5)
    shared = {"sample_weight": weight, "groups": groups, "folds": fold, "thresholds": ()}
    row = paired_differences(y, a, b, **shared).set_index("metric").loc["c_statistic"]
    rng, drawn, patients = np.random.default_rng(0), [], np.unique(groups)
    for _ in range(400):
        times = np.bincount(rng.choice(patients, len(patients)), minlength=500)[groups]
        shared["sample_weight"] = weight * times
        drawn.append(paired_differences(y, a, b, **shared)["difference"][0])
    assert (row["upper"] - row["lower"]) / (2 * 1.959964) == pytest.approx(np.std(drawn), rel=0.12)
