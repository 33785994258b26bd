from __future__ import annotations

import numpy as np
import pytest

from vfprog.schema.endpoints import load_endpoint
from vfprog.workflows.simulated_cohorts import FULLY_FOLLOWED, simulated_cohorts


@pytest.mark.slow
def test_truth_and_treatment_stand_beside_their_episodes() -> None:
    endpoints = [load_endpoint("response"), load_endpoint("new_fracture_adjacent")]
    everybody = endpoints[0].model_copy(update={"population": ()})
    treated = simulated_cohorts(1500, endpoints, seed=3, overrides=FULLY_FOLLOWED)
    mixed = simulated_cohorts(1500, [everybody], seed=3, overrides=FULLY_FOLLOWED)["response"]
    response = treated["response"]
    assert treated.keys() == {"response", "new_fracture_adjacent"}
    assert response.vertebroplasty.all()
    assert 0.5 < mixed.vertebroplasty.mean() < 1
    assert mixed.cohort.n > response.cohort.n
    # Observed and expected responders agree only if the rows do.
    y = response.cohort.outcome.event
    high = response.truth > np.median(response.truth)
    assert y[high].mean() > y[~high].mean() + 0.1
    assert y.mean() == pytest.approx(response.truth.mean(), abs=0.04)
