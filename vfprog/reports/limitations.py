"""What a reviewer would hold against a run, as far as the run can tell.

The questions are those of PROBAST (Moons KGM et al. Ann Intern Med 2019;170:W1) that figures can
answer; each has a threshold that stands here, so that a reader can disagree with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.reports.facts import endpoints
from vfprog.reports.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vfprog.reports.evidence import Evidence

MANY_MISSING = 0.4
MANY_UNSEEN = 0.2
FEW_SITES = 5
FEW_EVENTS = 100
EVENTS_PER_PARAMETER = 10
OFF_SLOPE = 0.2
FOR_PUBLICATION = 200
_SHOWN = 8


@dataclass(frozen=True)
class Limitation:
    """One thing to hold against a run.

    Parameters
    ----------
    domain : str
        Participants, predictors, outcome or analysis.
    text : str
        What it is.
    means : str
        What it does to the models.
    """

    domain: str
    text: str
    means: str


def limitations(evidence: Evidence) -> list[Limitation]:
    """Return what the run itself can hold against its models.

    Parameters
    ----------
    evidence : Evidence
        The bundle.

    Returns
    -------
    list of Limitation
        By domain; those of the run's notes last.
    """
    return [found for rule in _RULES for found in rule(evidence)]


def _simulated(evidence: Evidence) -> Iterator[Limitation]:
    if evidence.bundle.simulated:
        yield Limitation(
            "Participants",
            "The data are simulated.",
            "The figures describe the simulator and no patient.",
        )


def _few_sites(evidence: Evidence) -> Iterator[Limitation]:
    sites = evidence.provenance.get("n_sites")
    if sites is not None and sites < FEW_SITES:
        yield Limitation(
            "Participants",
            f"{counted(sites, 'site')}.",
            "How the models do elsewhere is hardly known.",
        )


def _no_external(evidence: Evidence) -> Iterator[Limitation]:
    if not evidence.external:
        yield Limitation(
            "Participants",
            "No other registry is part of this run.",
            "Validation elsewhere must come before use elsewhere.",
        )


def _same_registry(evidence: Evidence) -> Iterator[Limitation]:
    if evidence.updated:
        yield Limitation(
            "Participants",
            "The registry that changed the models also judges them.",
            "Cross-validation answers for the tests and coefficients; another registry judges "
            "better.",
        )


def _missing_predictors(evidence: Evidence) -> Iterator[Limitation]:
    kept, dictionary = evidence.bundle.manifest["reference"], evidence.bundle.dictionary
    used = frozenset().union(*(model.parents for model in evidence.models.values()))
    blank = [
        f"{dictionary[name].label} ({100 * summary['missing']:.0f} %)"
        for name, summary in kept.items()
        if name in used and name in dictionary and summary["missing"] > MANY_MISSING
    ]
    if blank:
        shown = ", ".join(blank[:_SHOWN]) + (", and others" if len(blank) > _SHOWN else "")
        yield Limitation(
            "Predictors",
            f"Often missing: {shown}.",
            "Their part rests on the patients in whom they were recorded.",
        )


def _unseen_outcomes(evidence: Evidence) -> Iterator[Limitation]:
    for endpoint, known in endpoints(evidence).items():
        flow = evidence.frames.get(f"flow_{endpoint}")
        rows = [] if flow is None else flow[flow["step"] == "outcome observed"].to_dict("records")
        for row in rows:
            share = row["excluded"] / max(row["excluded"] + row["n"], 1)
            if share > MANY_UNSEEN:
                yield Limitation(
                    "Outcome",
                    f"{known.label}: the outcome of {100 * share:.0f} % was not seen.",
                    "Weights answer for dropout that measured inputs explain, and for no other.",
                )


def _few_events(evidence: Evidence) -> Iterator[Limitation]:
    for model in evidence.models:
        row = _counts(evidence, model)
        if row is None:
            continue
        fewest = min(row["n_events"], row["n"] - row["n_events"])
        if fewest < FEW_EVENTS:
            yield Limitation(
                "Analysis",
                f"{evidence.title(model)}: {fewest} of the rarer outcome.",
                "Coefficients and calibration are uncertain.",
            )


def _counts(evidence: Evidence, model: str) -> dict[str, Any] | None:
    """Return n and events of a model: of patients, or of rows where no patients were counted."""
    table = evidence.of_model("sample_size", model)
    if table is None:
        return evidence.headline(model).get("c_statistic")
    return {name: int(table[name].iloc[0]) for name in ("n", "n_events")}


def _per_parameter(evidence: Evidence) -> Iterator[Limitation]:
    table = evidence.frames.get("sample_size")
    if table is None:
        return
    rows = table[table["counted"] == "candidate_terms"].drop_duplicates("model")
    rows = rows[[evidence.refitted(str(model)) for model in rows["model"]]]
    few = rows.loc[rows["events_per_parameter"] < EVENTS_PER_PARAMETER, "events_per_parameter"]
    if len(few):
        said = f"{few.min():.1f}" + (f" to {few.max():.1f}" if len(few) > 1 else "")
        have = "has" if len(few) == 1 else "have"
        models = counted(len(rows), "model")
        text = f"{len(few)} of {models} {have} {said} events per candidate term."
        yield Limitation(
            "Analysis", text, "Overfitting is likely; shrinkage limits it, not the uncertainty."
        )


def _slopes(evidence: Evidence) -> Iterator[Limitation]:
    for model in evidence.models:
        row = evidence.headline(model).get("calibration_slope")
        if row is None or row["estimate"] is None:
            continue
        off = row["estimate"]
        if abs(off - 1) > OFF_SLOPE:
            judged = "calibration slope on the registry of the update"
            said = "cross-validated calibration slope" if not evidence.updated else judged
            said = f"{said} {off:.2f}."
            text = f"{evidence.title(model)}: {said}"
            yield Limitation("Analysis", text, _slope_means(off, _limits(row)))


def _limits(row: Mapping[str, Any]) -> tuple[float, float]:
    """Return the limits of a figure; infinite where it has none."""
    lower, upper = (row.get(name) for name in ("lower", "upper"))
    return (-inf if pd.isna(lower) else lower, inf if pd.isna(upper) else upper)


def _slope_means(off: float, limits: tuple[float, float]) -> str:
    """Return what a slope away from 1 says, and no more than its limits allow."""
    lower, upper = limits
    if off <= 0:
        wrong = "The model ranks patients the wrong way round"
        said = wrong if upper < 0 else "The risks tell nothing"
        return f"{said}; it must not be used on such patients."
    if -inf < lower <= 0:
        return "Whether the risks tell anything is not sure: the limits include 0."
    side = "too extreme" if off < 1 else "too timid"
    if lower <= 1 <= upper:
        unsure = "" if lower == -inf else ": the limits include 1"
        return f"Risks may be {side}{unsure}."
    return f"Risks are {side}."


def _few_refits(evidence: Evidence) -> Iterator[Limitation]:
    resamples = evidence.provenance.get("resamples")
    if resamples is not None and resamples < FOR_PUBLICATION:
        yield Limitation(
            "Analysis",
            f"{counted(resamples, 'bootstrap refit')}.",
            "Optimism, instability and rank intervals ask for 200.",
        )


def _refused(evidence: Evidence) -> Iterator[Limitation]:
    refused: dict[str, Any] = evidence.provenance.get("refused", {})
    for name, why in refused.items():
        if evidence.updated:
            text = f"{name} could not be judged on the registry of the update: {why}"
            yield Limitation("Analysis", text, "It is left as it was; its figures are older.")
        else:
            yield Limitation("Analysis", f"{name} was refused: {why}", "There is no such model.")


def _notes(evidence: Evidence) -> Iterator[Limitation]:
    told = evidence.provenance.get("notes", [])
    for note in told:
        yield Limitation("Note of the run", str(note), "")


_RULES: tuple[Callable[[Evidence], Iterator[Limitation]], ...] = (
    _simulated,
    _few_sites,
    _no_external,
    _same_registry,
    _missing_predictors,
    _unseen_outcomes,
    _few_events,
    _per_parameter,
    _slopes,
    _few_refits,
    _refused,
    _notes,
)
