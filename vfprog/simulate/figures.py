"""The figures trials publish, computed from simulated trials, each by its own definition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vfprog.errors import ConfigError
from vfprog.simulate.draws import any_of
from vfprog.simulate.procedure import ARMS
from vfprog.simulate.schedule import FILM_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from vfprog.features.arrays import BoolArray, FloatArray
    from vfprog.simulate.conduct import Conducted
    from vfprog.simulate.draws import Columns
    from vfprog.simulate.trial import Published


@dataclass(frozen=True)
class Records:
    """What was recorded in a trial that took place several times.

    Parameters
    ----------
    done : Conducted
        The trial.
    visits, films : dict of str to ndarray
        From `vfprog.simulate.conduct.follow_up`.
    """

    done: Conducted
    visits: Columns
    films: Columns

    @cached_property
    def vas(self) -> FloatArray:
        """Pain by patient and visit; NaN where not assessed."""
        table = np.full(self.done.batch.seen.vas.shape, np.nan)
        place = self.visits["owner"].astype(np.intp), self.visits["visit"].astype(np.intp)
        table[place] = self.visits["vas"]
        return table

    @cached_property
    def readings(self) -> FloatArray:
        """Height loss by vertebra and film; NaN where not taken."""
        table = np.full(self.done.batch.seen.readings.shape, np.nan)
        place = self.films["vertebra"].astype(np.intp), self.films["film"].astype(np.intp)
        table[place] = self.films["height_loss_pct"]
        return table

    @property
    def baseline(self) -> FloatArray:
        """Pain at randomisation."""
        return self.done.enrolled.patients.episodes["vas_baseline"]

    def pain_at(self, day: int) -> FloatArray:
        """Return pain at the visit of a nominal day."""
        return self.vas[:, self.done.schedule.place(day)]

    def film_at(self, day: int) -> FloatArray:
        """Return height loss on the film of a nominal day."""
        return self.readings[:, FILM_DAYS.index(day)]

    def of_arm(self, treatment: str | None) -> BoolArray:
        """Return who is in an arm; everybody without one."""
        arm = self.done.enrolled.arm
        return np.ones(len(arm), bool) if treatment is None else arm == ARMS.index(treatment)

    def mean(self, values: FloatArray, who: BoolArray) -> FloatArray:
        """Return the mean in each replicate over those in whom there is a value."""
        there = who & ~np.isnan(values)
        of, k = self.done.enrolled.replicate, self.done.replicates
        total = np.bincount(of[there], weights=values[there], minlength=k)
        return np.asarray(total / np.bincount(of[there], minlength=k), dtype=np.float64)


def simulated(records: Records, figure: Published, day: int) -> FloatArray:
    """Return a published figure as it turns out in each replicate.

    Parameters
    ----------
    records : Records
        The trial.
    figure : Published
        The figure and its definition.
    day : int
        Which of its days.

    Returns
    -------
    ndarray of float, shape (replicates,)
        The figure, on its scale.

    Raises
    ------
    ConfigError
        The kind of the figure is unknown.
    """
    if figure.kind not in KINDS:
        raise ConfigError(f"{figure.name}: kind {figure.kind} is none of {', '.join(KINDS)}")
    return KINDS[figure.kind](records, figure, day)


def _pain_difference(records: Records, _: Published, day: int) -> FloatArray:
    pain, treated = records.pain_at(day), records.of_arm("vertebroplasty")
    return records.mean(pain, ~treated) - records.mean(pain, treated)


def _pain_mean(records: Records, figure: Published, day: int) -> FloatArray:
    return records.mean(records.pain_at(day), records.of_arm(figure.treatment))


def _pain_sd(records: Records, _: Published, day: int) -> FloatArray:
    """Return the standard deviation within an arm, mean over the arms."""
    pain, found = records.pain_at(day), []
    for arm in np.unique(records.done.enrolled.arm):
        who = records.of_arm(ARMS[arm])
        mean = records.mean(pain, who)
        found.append(np.sqrt(records.mean(pain**2, who) - mean**2))
    return np.asarray(np.mean(found, axis=0), dtype=np.float64)


def _pain_reduction(records: Records, figure: Published, day: int) -> FloatArray:
    pain, who = records.pain_at(day), records.of_arm(figure.treatment)
    return 1 - records.mean(pain, who) / records.mean(records.baseline, who)


def _responders(records: Records, figure: Published, day: int) -> FloatArray:
    pain, start = records.pain_at(day), records.baseline
    responds = np.zeros(len(pain), dtype=bool)
    if figure.below is not None:
        responds |= pain < figure.below - 1e-9
    if figure.fall_at_least is not None:
        responds |= start - pain >= figure.fall_at_least - 1e-9
    flag = np.where(np.isnan(pain), np.nan, responds)
    return records.mean(flag, records.of_arm(figure.treatment))


def _broken(records: Records, day: int) -> FloatArray:
    """Return whether a new fracture shows on a film; NaN without one."""
    seen = records.done.batch.seen
    broken = seen.course.fracture[:, 0] <= seen.film_day[:, FILM_DAYS.index(day)]
    return np.where(_filmed(records, day), broken, np.nan)


def _filmed(records: Records, day: int) -> BoolArray:
    owner, n = records.done.batch.seen.patients.owner, len(records.baseline)
    taken = any_of(owner, ~np.isnan(records.film_at(day)), n)
    return np.asarray(taken == 1, dtype=np.bool_)


def _worse(records: Records, figure: Published, day: int) -> FloatArray:
    """Return whether any index vertebra lost height since the film at entry; NaN without a film."""
    patients, film = records.done.batch.seen.patients, records.film_at(day)
    start = patients.vertebrae["height_loss_pct"]
    worse = film - start >= figure.grow_at_least - 1e-9
    if figure.grades:
        worse &= np.digitize(film, figure.grades) > np.digitize(start, figure.grades)
    lost = any_of(patients.owner, worse & ~np.isnan(film), patients.n)
    return np.where(_filmed(records, day), lost, np.nan)


def _new_fracture(records: Records, figure: Published, day: int) -> FloatArray:
    return records.mean(_broken(records, day), records.of_arm(figure.treatment))


def _height_loss(records: Records, figure: Published, day: int) -> FloatArray:
    return records.mean(_worse(records, figure, day), records.of_arm(figure.treatment))


def _hazard(records: Records, figure: Published, day: int) -> FloatArray:
    """Return the log ratio of cumulated hazards, half a patient added to events and to others."""
    event = np.fmax(_broken(records, day), _worse(records, figure, day))
    treated, logs = records.of_arm("vertebroplasty"), []
    for who in (treated, ~treated):
        number = records.mean(np.where(np.isnan(event), 0.0, 1.0), who) * _sizes(records, who)
        share = (records.mean(event, who) * number + 0.5) / (number + 1)
        logs.append(np.log(-np.log1p(-share)))
    return np.asarray(logs[0] - logs[1], dtype=np.float64)


def _sizes(records: Records, who: BoolArray) -> FloatArray:
    of = records.done.enrolled.replicate[who]
    return np.bincount(of, minlength=records.done.replicates).astype(np.float64)


def _not_assessed(records: Records, figure: Published, day: int) -> FloatArray:
    missing = np.isnan(records.pain_at(day)).astype(np.float64)
    return records.mean(missing, records.of_arm(figure.treatment))


def _taken(records: Records, figure: Published, day: int) -> FloatArray:
    return records.mean(_filmed(records, day).astype(float), records.of_arm(figure.treatment))


def _improved_before(records: Records, _: Published, __: int) -> FloatArray:
    enrolled = records.done.enrolled
    return np.asarray(enrolled.improved / enrolled.screened, dtype=np.float64)


def _of_baseline(records: Records, figure: Published) -> FloatArray:
    """Return a predictor of each patient, or the mean over the vertebrae that have it."""
    patients, name = records.done.batch.seen.patients, str(figure.predictor)
    if name in patients.episodes:
        return patients.episodes[name]
    there = patients.vertebrae["treated"] if name == "cement_volume_ml" else np.ones(patients.n)
    values = np.where(there == 1, patients.vertebrae[name], 0.0)
    number = np.bincount(patients.owner, weights=there, minlength=patients.n)
    total = np.bincount(patients.owner, weights=values, minlength=patients.n)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _baseline_mean(records: Records, figure: Published, _: int) -> FloatArray:
    return records.mean(_of_baseline(records, figure), records.of_arm(figure.treatment))


def _baseline_median(records: Records, figure: Published, _: int) -> FloatArray:
    who, values = records.of_arm(figure.treatment), _of_baseline(records, figure)
    of = records.done.enrolled.replicate
    groups = np.split(values[who], np.cumsum(np.bincount(of[who]))[:-1])
    return np.array([np.nanmedian(group) for group in groups])


KINDS: dict[str, Callable[[Records, Published, int], FloatArray]] = {
    "pain_difference": _pain_difference,
    "pain_mean": _pain_mean,
    "pain_sd": _pain_sd,
    "pain_reduction": _pain_reduction,
    "responders": _responders,
    "new_fracture": _new_fracture,
    "height_loss": _height_loss,
    "fracture_or_progression_hazard": _hazard,
    "not_assessed": _not_assessed,
    "filmed": _taken,
    "improved_before": _improved_before,
    "baseline_mean": _baseline_mean,
    "baseline_median": _baseline_median,
}
