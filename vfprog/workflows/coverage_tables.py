"""The tables of the coverage study: bias and coverage of each estimator over its sets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.errors import ConfigError
from vfprog.validation.optimism import HARRELL, PLUS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ACROSS = "across_folds"
"""The c-statistic of the same cross-validation, had pairs across folds been counted."""
ESTIMATORS = {
    "apparent": "apparent", "split": "split sample", "cross_validated": "cross-validated",
    ACROSS: "the same, pairs across folds", HARRELL: "Harrell", PLUS: ".632+",
}  # fmt: skip
COLUMNS = {
    ("logistic", True): "logistic alone",
    ("model", True): "logistic as shown (recalibrated)",
    ("logistic", False): "logistic with splines",
    ("model", False): "blend with trees",
}
"""What the tables of the study set side by side: learner, and whether the procedure simplifies."""
TITLES = {
    "c_statistic": "c-statistic", "calibration_slope": "Calibration slope", "brier": "Brier score",
}  # fmt: skip


def read_study(file: Path) -> pd.DataFrame:
    """Return the figures of a study, a row each, with the plan and seed of their set.

    Parameters
    ----------
    file : pathlib.Path
        JSON lines as `coverage_study` writes them.

    Returns
    -------
    pandas.DataFrame
        simplify, endpoint, seed, w_trees, held (share within the instability interval), learner,
        figure, estimator, estimate, lower, upper, truth.
    """
    rows = []
    for line in read_lines(file):
        of_set = {name: line["plan"][name] for name in ("endpoint", "simplify", "n_resamples")}
        of_set |= {"seed": line["seed"], "w_trees": line.get("w_trees")}
        of_set |= line.get("instability", {})
        rows += [of_set | found for found in line.get("figures", [])]
    return pd.DataFrame(rows)


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage of each estimator over the sets.

    Parameters
    ----------
    table : pandas.DataFrame
        Result of `read_study`.

    Returns
    -------
    pandas.DataFrame
        simplify, learner, figure, estimator, sets, truth (mean), bias (mean of estimate minus
        truth), bias_se, rmse, coverage (share of the 95 % intervals that hold the truth; missing
        where there is no interval), coverage_se, width.
    """
    keys = ["endpoint", "simplify", "learner", "figure", "estimator"]
    error = table["estimate"] - table["truth"]
    has = table["lower"].notna()
    held = ((table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])).where(has)
    wide = table.assign(
        error=error, square=error**2, held_truth=held.astype(float),
        width=(table["upper"] - table["lower"]).astype(float),
    )  # fmt: skip
    groups = wide.groupby(keys, sort=False)
    found = groups.agg(
        sets=("seed", "size"), truth=("truth", "mean"), bias=("error", "mean"),
        bias_se=("error", "sem"), rmse=("square", "mean"), coverage=("held_truth", "mean"),
        width=("width", "mean"),
    )  # fmt: skip
    found["rmse"] = np.sqrt(found["rmse"])
    share = found["coverage"]
    found.insert(6, "coverage_se", np.sqrt(share * (1 - share) / found["sets"]))
    return found.reset_index()


def markdown(table: pd.DataFrame) -> str:
    """Return the study as tables for people: estimators down, learners across.

    Parameters
    ----------
    table : pandas.DataFrame
        Result of `read_study`.

    Returns
    -------
    str
        A table in Markdown for each figure: bias, its standard error, and coverage.
    """
    found = summarise(table)
    keys = ["learner", "simplify"]
    cells = {
        (row.figure, row.estimator, row.learner, row.simplify): _cell(row)
        for row in found.itertuples()
    }
    columns = [
        place for place in COLUMNS if place in set(zip(*(found[k] for k in keys), strict=True))
    ]
    text = ""
    for figure in [name for name in TITLES if (found["figure"] == name).any()]:
        text += f"\n**{TITLES[figure]}**: bias (standard error); intervals that hold the truth\n\n"
        text += _row(["estimator", *(COLUMNS[place] for place in columns)])
        text += _row(["---"] * (len(columns) + 1))
        for estimator, words in ESTIMATORS.items():
            line = [cells.get((figure, estimator, *place), "") for place in columns]
            text += _row([words, *line]) if any(line) else ""
        text += _row(["sets; mean truth", *(_truths(found, figure, place) for place in columns)])
    return text


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cell(row: Any) -> str:
    text = f"{row.bias:+.3f} ({row.bias_se:.3f})"
    return text if np.isnan(row.coverage) else f"{text}; {100 * row.coverage:.0f} %"


def _truths(found: pd.DataFrame, figure: str, place: tuple[str, bool]) -> str:
    rows = found[(found["figure"] == figure) & (found["learner"] == place[0])]
    rows = rows[rows["simplify"] == place[1]].set_index("estimator")
    corrected = rows["sets"].get(HARRELL, 0)
    sets, truth = rows.loc["cross_validated", ["sets", "truth"]]
    few = f" ({corrected} with bootstrap refits)" if corrected < sets else ""
    return f"{sets:.0f}{few}; {truth:.3f}"


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the finished lines of a study; what a killed run left unfinished is cut off.

    Parameters
    ----------
    file : pathlib.Path
        JSON lines, or nothing yet.

    Yields
    ------
    dict
        What `vfprog.workflows.coverage_study.study_set` found.

    Raises
    ------
    ConfigError
        A line is something else.
    """
    if not file.exists():
        return
    text = file.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, encoding="utf-8")
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            found = json.loads(line)
            known = {"plan", "seed"} <= found.keys()
        except (ValueError, AttributeError) as error:
            raise ConfigError(f"{file}, line {number} is no line of a coverage study") from error
        if not known:
            raise ConfigError(f"{file}, line {number} is no line of a coverage study")
        yield found
