"""Published trials, drawn many times by the one set of parameters: table, words and figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vfprog.plots.base import mark_simulated, new_figure
from vfprog.plots.trials import plot_trials
from vfprog.simulate.calibrate import (
    Calibrated,
    calibrate,
    leave_one_out,
    load_free,
    pain_by_trial,
    profile,
)
from vfprog.simulate.config import load_simulation
from vfprog.simulate.replicate import by_figure, replicate, rms, simulated_trials
from vfprog.simulate.trial import blocks_of
from vfprog.workflows.inputs import no_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

    from vfprog.workflows.inputs import Progress

EFFECTS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
# As they read in the table and the figure: control is what the trial compared with.
_WORDS = {"improved_before": "Improved before randomisation", "lost": "Lost at a year",
          "fracture_hazard_ratio": "Fracture or progression, log hazard ratio"}  # fmt: skip


@dataclass(frozen=True)
class Calibration:
    """What calibrating to all trials, to all but one, and to a fixed benefit gives.

    Parameters
    ----------
    fitted : Calibrated
        All trials.
    left_out : pandas.DataFrame
        Figures of each trial from a calibration without it.
    profiled : pandas.DataFrame
        Root mean square z of each trial's pain figures by benefit.
    """

    fitted: Calibrated
    left_out: pd.DataFrame
    profiled: pd.DataFrame


def replicate_trials(
    *, replicates: int = 500, seed: int = 1, progress: Progress = no_progress
) -> pd.DataFrame:
    """Draw every published trial several times and return its figures beside those published.

    Parameters
    ----------
    replicates : int
        How many times each trial is drawn.
    seed : int
        The same seed gives the same table.
    progress : callable
        Called with stage, steps done and steps in all.

    Returns
    -------
    pandas.DataFrame
        As of `vfprog.simulate.replicate.replicate`.
    """
    trials = simulated_trials()
    tick = _ticker("drawing trials", len(trials), progress)
    return replicate(trials, load_simulation(), seed=seed, replicates=replicates, tick=tick)


def calibrate_trials(
    *,
    only: Sequence[str] = (),
    replicates: int = 40,
    seed: int = 1,
    progress: Progress = no_progress,
) -> Calibration:
    """Calibrate the one set of parameters to all trials, and say what each trial says of it.

    Parameters
    ----------
    only : sequence of str
        Parameters to calibrate, the others held; all of ``configs/calibration.yaml`` if empty.
    replicates : int
        How many times each trial is drawn for each evaluation.
    seed : int
        Common random numbers of all evaluations.
    progress : callable
        Called with stage, steps done and steps in all.

    Returns
    -------
    Calibration
        Parameters with their errors, predictions of trials left out, and the profile of benefit.
    """
    trials, config = simulated_trials(), load_simulation()
    free = {name: one for name, one in load_free().items() if not only or name in only}

    def steps(stage: str, total: int) -> Callable[[str], object]:
        return _ticker(stage, total, progress)

    return Calibration(
        calibrate(trials, config, free, seed=seed, replicates=replicates,
                  tick=steps("calibrating", 5)),
        leave_one_out(trials, config, free, seed=seed, replicates=replicates,
                      tick=steps("leaving a trial out", len(trials))),
        profile(trials, config, free, EFFECTS, seed=seed, replicates=replicates,
                tick=steps("fixing the benefit", len(EFFECTS))),
    )  # fmt: skip


def trials_figure(table: pd.DataFrame) -> Any:
    """Return simulated beside published figures as a figure, marked as simulated.

    Parameters
    ----------
    table : pandas.DataFrame
        From `replicate_trials`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figures = by_figure(table)
    rows = (figures["role"] == "outcome").sum() + 1.6 * figures["trial"].nunique()
    figure, ax = new_figure(7.6, 1.2 + 0.2 * rows)
    plot_trials(table, ax, title="Published trials, simulated by one set of parameters",
                labels=_labels())  # fmt: skip
    ax.text(1.01, -0.6, "published : simulated", transform=ax.get_yaxis_transform(), fontsize=7.5)
    return mark_simulated(figure)


def trials_markdown(table: pd.DataFrame, *, role: str = "outcome") -> str:
    """Return figures as a table in Markdown.

    Parameters
    ----------
    table : pandas.DataFrame
        From `replicate_trials`.
    role : {"outcome", "input"}
        Which figures.

    Returns
    -------
    str
        A row per figure; visits stand side by side and have one z, their root mean square.
    """
    told, words, rows = table[table["role"] == role], _labels(), []
    for row in by_figure(told).to_dict("records"):
        trial, figure = str(row["trial"]), str(row["figure"])
        days = told[(told["trial"] == trial) & (told["figure"] == figure)]
        when = _each(days["day"], "{:d}") if days["day"].max() > 0 else "entry"
        numbers = [_each(days[c], "{:.2f}") for c in ("published", "published_se", "simulated")]
        label = words.get(figure, figure.replace("_", " ").capitalize())
        rows.append((words[trial], label, when, *numbers, f"{row['z']:+.2f}"))
    head = ("trial", "figure", "day", "published", "standard error", "simulated", "z")
    return _markdown(head, rows)


def calibration_markdown(found: Calibration) -> dict[str, str]:
    """Return what a calibration found as tables in Markdown.

    Parameters
    ----------
    found : Calibration
        From `calibrate_trials`.

    Returns
    -------
    dict of str to str
        ``parameters``, ``left out`` (root mean square z of each trial predicted without it, all
        figures and those of pain) and ``profile``.
    """
    config, free, words = load_simulation(), load_free(), _labels()
    parameters = [
        (name, f"{one.prior:g} ± {one.sd:g}", f"{found.fitted.parameters[name]:.2f}",
         f"{found.fitted.errors[name]:.2f}", f"{config[name]:g}")
        for name, one in free.items()
        if name in found.fitted.parameters
    ]  # fmt: skip
    out, pain = by_figure(found.left_out), pain_by_trial(found.left_out)
    left = [
        (words[name], f"{rms(out[out['trial'] == name]):.2f}",
         f"{pain[name]:.2f}" if name in pain else "")
        for name in map(str, out["trial"].unique())
    ]  # fmt: skip
    left.append(("all", f"{rms(out):.2f}", ""))
    trials = [column for column in found.profiled.columns if column != "effect"]
    effects = [
        (f"{row['effect']:g}", *(f"{row[name]:.2f}" for name in trials))
        for row in found.profiled.to_dict("records")
    ]
    return {
        "parameters": _markdown(("parameter", "prior", "best", "error", "used"), parameters),
        "left out": _markdown(("trial left out", "all its figures", "its pain figures"), left),
        "profile": _markdown(("benefit", *(words.get(name, name) for name in trials)), effects),
    }


def _ticker(stage: str, total: int, progress: Progress) -> Callable[[str], object]:
    done: list[str] = []

    def tick(name: str) -> None:
        done.append(name)
        progress(stage, len(done), total)

    return tick


def _labels() -> dict[str, str]:
    """Return words for trials, and for figures that are not plain from their names."""
    trials = {trial.name: trial.label for trial in simulated_trials()}
    plain = {
        figure.name: figure.name.replace("_", " ").capitalize()
        for trial in simulated_trials()
        for figure in blocks_of(trial)[1]
    }
    return trials | plain | _WORDS


def _each(values: Iterable[float], form: str) -> str:
    return ", ".join(form.format(value) for value in values)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
