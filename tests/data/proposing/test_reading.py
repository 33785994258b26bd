from __future__ import annotations

from vfprog.data.proposing.reading import Fit


def test_a_fit_is_plain_unless_said_otherwise() -> None:
    fit = Fit(0.5)
    assert (fit.telling, fit.unit, fit.recode, fit.missing, fit.sure) == (0, None, {}, (), True)
