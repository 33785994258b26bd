"""The report of a bundle: one page that a reviewer can read, print and check against TRIPOD+AI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from vfprog import __version__
from vfprog.reports import participants, parts, pictures, reproduce, results
from vfprog.reports.environment import environment
from vfprog.reports.evidence import Evidence
from vfprog.reports.facts import endpoints, facts
from vfprog.reports.limitations import limitations
from vfprog.reports.origin import origin_grid
from vfprog.reports.specification import specification
from vfprog.reports.tripod import answered, load_checklist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from vfprog.reports.grid import Grid
    from vfprog.reports.pictures import Picture
    from vfprog.scoring.bundle import Bundle

    Progress = Callable[[str, int, int], None]

T = TypeVar("T")
# Figures drawn by site, in this order.
FORESTS = ("c_statistic", "calibration_slope")


# Sections every report has, before and after those of the evidence.
_BEFORE = {
    "summary": "Summary", "use": "Intended use", "data": "Data", "outcomes": "Outcomes",
    "participants": "Participants", "characteristics": "Characteristics",
    "predictors": "Predictors", "missing": "Missing data", "sample-size": "Sample size",
    "building": "How the models are made", "performance": "Performance",
}  # fmt: skip
_AFTER = {
    "external": "Other registries", "lineage": "Updating", "limitations": "Limitations",
    "specification": "Model specification", "checklist": "TRIPOD+AI",
    "reproducibility": "Reproducibility",
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """What a section shows of one model, or of all.

    Parameters
    ----------
    title : str
        Words for the model.
    grids : tuple of Grid
        Tables.
    pictures : tuple of Picture
        Figures.
    """

    title: str
    grids: tuple[Grid, ...]
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Section:
    """One kind of evidence on the page.

    Parameters
    ----------
    name, title, about : str
        Anchor, heading, and how to read it.
    blocks : tuple of Block
        One per model that has it.
    why_not : str
        Why there is nothing; empty where there is.
    """

    name: str
    title: str
    about: str
    blocks: tuple[Block, ...]
    why_not: str = ""


def report_page(
    bundle: Bundle,
    *,
    validations: Mapping[str, pd.DataFrame] | None = None,
    progress: Progress | None = None,
) -> str:
    """Return the report of a bundle as one page that needs no other file, host or script.

    Parameters
    ----------
    bundle : Bundle
        The bundle; nothing else is read.
    validations : mapping of str to pandas.DataFrame, optional
        Performance of the frozen models on other registries, by their names.
    progress : callable, optional
        Called with stage, steps done and steps in all.

    Returns
    -------
    str
        HTML. What the bundle does not hold is said to be missing, with the reason.
    """
    evidence = Evidence(bundle, validations or {})
    found = limitations(evidence)
    told = facts(evidence, limitations=len(found))
    sections, others = _sections(evidence), results.other_tables(evidence)
    page = (
        environment()
        .get_template("report.html")
        .render(
            version=__version__,
            evidence=evidence,
            bundle=bundle,
            facts=told,
            told=evidence.provenance,
            settings=_flat(evidence.provenance.get("settings", {})),
            endpoints=endpoints(evidence),
            limitations=found,
            checklist=load_checklist(),
            answers=answered(load_checklist(), told, evidence.computed, updated=evidence.updated),
            origins=origin_grid(evidence),
            headline=results.headline_grid(evidence),
            overview=pictures.headline_picture(evidence),
            participants=_participants(evidence),
            predictors=participants.predictor_grid(evidence),
            derived=participants.derived_grid(evidence),
            sample_size=participants.sample_size_grid(evidence),
            models=_models(evidence, progress),
            sections=sections,
            toc=_contents(sections, others),
            external=[
                Block(name, (grid,)) for name, grid in results.external_grids(evidence).items()
            ],
            specifications={evidence.title(m): specification(bundle, m) for m in evidence.models},
            others=others,
            commands=reproduce.commands(evidence),
            remarks=reproduce.remarks(evidence),
        )
    )
    return page.strip() + "\n"


def _contents(sections: list[Section], others: Mapping[str, Grid]) -> dict[str, str]:
    """Return the headings by anchor, in the order of the page."""
    own = {section.name: section.title for section in sections}
    return _BEFORE | own | _AFTER | ({"others": "Further tables"} if others else {})


def _participants(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """Return flow, characteristics and what dropout may hide, by endpoint."""
    return {
        name: {
            "label": endpoint.label,
            "flow": participants.flow_grid(evidence, name),
            "picture": pictures.flow_picture(evidence, name),
            "characteristics": participants.characteristics_grid(evidence, name),
            "unseen": results.missing_outcome_grid(evidence, name),
        }
        for name, endpoint in endpoints(evidence).items()
    }


def _models(evidence: Evidence, progress: Progress | None) -> list[Block]:
    """Return figures and table of the cross-validated performance of each model."""
    blocks = []
    for done, model in enumerate(evidence.models, 1):
        drawn = (
            pictures.calibration_picture(evidence, model),
            pictures.decision_picture(evidence, model),
            pictures.distribution_picture(evidence, model),
            pictures.importance_picture(evidence, model),
        )
        grid = results.performance_grid(evidence, model)
        blocks.append(Block(evidence.title(model), _present([grid]), _present(drawn)))
        if progress is not None:
            progress("figures", done, len(evidence.models))
    return blocks


def _sections(evidence: Evidence) -> list[Section]:
    sections = []
    for part in parts.PARTS:
        blocks = []
        for model in evidence.models:
            grids = parts.part_grids(evidence, part, model)
            if grids:
                draw = _DRAWN.get(part.name)
                drawn = () if draw is None else _present(draw(evidence, model))
                blocks.append(Block(evidence.title(model), tuple(grids), drawn))
        why = "" if blocks else evidence.why_not(part.needs)
        sections.append(Section(part.name, part.title, part.about, tuple(blocks), why))
    return sections


def _forests(evidence: Evidence, model: str) -> list[Picture | None]:
    return [pictures.forest_picture(evidence, model, metric) for metric in FORESTS]


def _compared(evidence: Evidence, model: str) -> list[Picture | None]:
    drawers = (pictures.differences_picture, pictures.comparators_picture)
    return [draw(evidence, model) for draw in drawers]


def _grouped(evidence: Evidence, model: str) -> list[Picture | None]:
    return [pictures.subgroups_picture(evidence, model)]


def _unstable(evidence: Evidence, model: str) -> list[Picture | None]:
    return [pictures.instability_picture(evidence, model)]


_DRAWN: dict[str, Callable[[Evidence, str], Iterable[Picture | None]]] = {
    "subgroups": _grouped,
    "sites": _forests, "comparators": _compared, "instability": _unstable,
}  # fmt: skip


def _present(found: Iterable[T | None]) -> tuple[T, ...]:
    return tuple(one for one in found if one is not None)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return settings as one list of dotted names and words."""
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            flat[f"{prefix}{name}"] = words
    return flat
