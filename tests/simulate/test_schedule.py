from __future__ import annotations

import numpy as np

from vfprog.simulate.config import load_simulation
from vfprog.simulate.schedule import VISIT_DAYS, schedule_of


def test_a_registry_has_its_six_visits():
    schedule = schedule_of(load_simulation())
    assert schedule.days == VISIT_DAYS
    assert schedule.recorded.all()
    assert (schedule.first[2], schedule.last[2]) == (23, 43)


def test_a_trial_has_its_own_and_the_others_are_not_recorded():
    config = load_simulation()
    schedule = schedule_of(config, [14, 60, 365])
    assert schedule.days == (1, 7, 14, 30, 60, 90, 180, 365)
    assert [d for d, r in zip(schedule.days, schedule.recorded, strict=True) if r] == [14, 60, 365]
    place = schedule.place(60)
    assert (schedule.first[place], schedule.last[place]) == (54, 66)
    assert (schedule.first[schedule.place(1)], schedule.last[schedule.place(1)]) == (1, 2)
    # Between day 30 and day 90, on the log of the day: .63 of the way.
    low, high = config["missed.d30"], config["missed.d90"]
    assert np.isclose(schedule.missed[place], low + np.log(2) / np.log(3) * (high - low))
