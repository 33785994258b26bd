from __future__ import annotations

import pytest

from vfprog.validation.distribution import risk_distribution


def test_by_hand():
    table = risk_distribution(
        [0, 1, 1, 0], [0.1, 0.2, 0.7, 0.5], sample_weight=[2, 1, 1, 1], bins=2
    )
    by = table.set_index(["outcome", "lower_edge"])["share"]
    assert by.to_dict() == pytest.approx(
        {(0, 0.0): 0.4, (0, 0.5): 0.2, (1, 0.0): 0.2, (1, 0.5): 0.2}
    )


def test_repeats_are_pooled():
    table = risk_distribution([0, 1], [[0.1, 0.9], [0.6, 0.9]], bins=2)
    assert table["share"].tolist() == pytest.approx([0.25, 0.25, 0, 0.5])


def test_bins_are_checked():
    with pytest.raises(ValueError, match="bins must be at least 1, got 0"):
        risk_distribution([0, 1], [0.1, 0.2], bins=0)
