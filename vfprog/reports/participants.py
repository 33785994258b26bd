"""Who the models are of: flow, characteristics, outcomes, predictors, sample size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.features.clinical import DERIVATIONS
from vfprog.reports.grid import NONE, Grid, label
from vfprog.reports.words import percent, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.reports.evidence import Evidence
    from vfprog.schema.dictionary import Predictor

_GROUPS = {
    "overall": "All", "event": "With the event", "no_event": "Without the event",
    "not_observed": "Outcome not seen",
}  # fmt: skip
_KNOWN_AT = {"preprocedure": "before", "procedure": "at the procedure", "follow_up": "later"}


def flow_grid(evidence: Evidence, endpoint: str) -> Grid | None:
    """Return the participant flow of an endpoint, None where the bundle keeps none."""
    flow = evidence.frames.get(f"flow_{endpoint}")
    if flow is None:
        return None
    columns = ("Step", "Episodes", "Excluded", "Why")
    rows = tuple(
        (str(row["step"]), whole(row["n"]), whole(row["excluded"]) if row["excluded"] else "",
         str(row["reason"] or ""))
        for row in flow.to_dict("records")
    )  # fmt: skip
    return Grid("Participant flow", columns, rows)


def characteristics_grid(evidence: Evidence, endpoint: str) -> Grid | None:
    """Return who took part in an endpoint by outcome, None where the bundle keeps no such table."""
    table = evidence.frames.get(f"characteristics_{endpoint}")
    if table is None:
        return None
    units = {p.name: p.unit or "" for p in evidence.bundle.dictionary.predictors}
    columns = ("Characteristic", *_GROUPS.values(), "Missing")
    rows: list[tuple[str, ...]] = []
    for name, part in table.groupby("predictor", sort=False):
        unit = units.get(str(name), "")
        said = f"{part['label'].iloc[0]}{f' ({unit})' if unit else ''}"
        missing = percent(float(part["missing_percent"].iloc[0]) / 100)
        rows += _described(said, missing, part)
    notes = (
        "Unweighted. Numbers: median [quartiles], mean (SD). Others: number (per cent of those "
        "recorded). Predictors of a vertebra count vertebrae.",
    )
    return Grid("Characteristics by outcome", columns, tuple(rows), notes)


def _described(said: str, missing: str, part: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the rows of one predictor: one of a number, one per level."""
    recorded = part[part["overall"].notna()]
    if recorded["statistic"].isin(["median"]).any():
        cells = part.set_index("statistic")
        return [(said, *(_number(cells[group].to_dict()) for group in _GROUPS), missing)]
    if set(part["statistic"]) == {"n"}:
        return [(said, *("not recorded" if g == "overall" else "" for g in _GROUPS), missing)]
    rows = []
    for level, lines in part.groupby("level", sort=False):
        cells = lines.set_index("statistic")
        head = said if level == "yes" else f"{said}: {level}"
        rows.append((head, *(_share(cells[group].to_dict()) for group in _GROUPS), missing))
    return rows


def _number(cell: Mapping[Any, Any]) -> str:
    if pd.isna(cell["median"]):
        return NONE
    spread = "" if pd.isna(cell.get("sd")) else f" ({_three(cell['sd'])})"
    quartiles = f"[{_three(cell['q1'])}, {_three(cell['q3'])}]"
    return f"{_three(cell['median'])} {quartiles}, {_three(cell['mean'])}{spread}"


def _share(cell: Mapping[Any, Any]) -> str:
    if pd.isna(cell["n"]):
        return NONE
    return f"{whole(cell['n'])} ({cell['percent']:.1f} %)"


def predictor_grid(evidence: Evidence) -> Grid:
    """Return every predictor the dictionary lets a model use, with what is known about it."""
    dictionary = evidence.bundle.dictionary
    reference = evidence.bundle.manifest["reference"]
    used = frozenset().union(*(model.parents for model in evidence.models.values()))
    columns = ("Predictor", "Kind and range", "Known", "Concept", "Missing", "In a model", "Source")
    rows = tuple(
        (f"{p.label}{f' ({p.unit})' if p.unit else ''}", _kind(p), _KNOWN_AT[p.known_at],
         dictionary.concepts[p.concept],
         percent(float(reference[p.name]["missing"])) if p.name in reference else "never recorded",
         "yes" if p.name in used else "no", p.source)
        for p in dictionary.usable_at("postprocedure")
    )  # fmt: skip
    notes = (
        "Missing: share of the rows of the registry (episodes or vertebrae). A predictor never "
        "recorded, or always the same, enters no model.",
    )
    return Grid("Predictors a model may use", columns, rows, notes)


def _kind(predictor: Predictor) -> str:
    if predictor.levels:
        return f"{predictor.kind}: {', '.join(predictor.levels)}"
    if predictor.hard_range is None:
        return predictor.kind
    low, high = predictor.hard_range
    return f"{predictor.kind}, {low:g} to {high:g}"


def derived_grid(evidence: Evidence) -> Grid:
    """Return how the features that are no predictor themselves are computed."""
    names = {f.name for model in evidence.models.values() for f in model.features}
    dictionary = evidence.bundle.dictionary
    rows = tuple(
        (d.label, d.formula, ", ".join(dictionary[parent].label for parent in d.parents))
        for d in DERIVATIONS
        if d.name in names
    )
    return Grid("Derived features", ("Feature", "How it is computed", "From"), rows)


def sample_size_grid(evidence: Evidence) -> Grid | None:
    """Return Riley's criteria of all models, None where the bundle keeps no such table."""
    table = evidence.frames.get("sample_size")
    if table is None:
        return None
    criteria = list(dict.fromkeys(table["criterion"]))
    rows: list[tuple[str, ...]] = []
    for (model, counted), part in table.groupby(["model", "counted"], sort=False):
        cells = {str(row["criterion"]): row for row in part.to_dict("records")}
        first = next(iter(cells.values()))
        rows.append((
            evidence.titles[str(model)], label(str(counted)), whole(first["n_parameters"]),
            whole(first["n"]), whole(first["n_events"]), f"{first['events_per_parameter']:.1f}",
            *(_needed(cells[name]) for name in criteria),
        ))  # fmt: skip
    columns = ("Model", "Counted", "Parameters", "n", "Events", "Events per parameter",
               *(label(name) for name in criteria))  # fmt: skip
    targets = table.drop_duplicates("criterion")[["criterion", "target"]].to_numpy().tolist()
    reasons = [why for why in dict.fromkeys(table["reason"]) if why]
    notes = (
        "Participants needed for: "
        + "; ".join(f"{label(str(name))}, {target}" for name, target in targets)
        + ".",
        *(f"{NONE}: {why}." for why in reasons),
    )
    return Grid("Participants needed by Riley's criteria", columns, tuple(rows), notes)


def _needed(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["needed"]):
        return NONE
    return f"{whole(row['needed'])}, {'met' if row['met'] else 'not met'}"


def _three(number: float) -> str:
    """Return a number with three figures, enough for a characteristic."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
