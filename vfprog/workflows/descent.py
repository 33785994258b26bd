"""What a new bundle version has from its parent, and what the new registry adds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.data.screening.reference import summarise
from vfprog.records import Table
from vfprog.workflows.case_mix import (
    DEVELOPMENT,
    case_mix_table,
    development_case_mix,
    recalibrated_case_mix,
)
from vfprog.workflows.curves import curve_tables
from vfprog.workflows.evidence import cohort_tables
from vfprog.workflows.origins import origins
from vfprog.workflows.population import development_characteristics
from vfprog.workflows.refitting import Work
from vfprog.workflows.reliance import importance_tables
from vfprog.workflows.sample_size import sample_size_table
from vfprog.workflows.subgroups import subgroup_tables
from vfprog.workflows.time_to_event import time_to_event_table
from vfprog.workflows.updating import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.data.registry import Registry
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.bundle_writer import BundleParts
    from vfprog.scoring.members import Members
    from vfprog.workflows.updating import ModelUpdate


def update_tables(updates: dict[str, ModelUpdate], work: Work) -> Iterator[Table]:
    """Yield the tables of the new registry, each model's on the episodes it answers for.

    Parameters
    ----------
    updates : dict of str to ModelUpdate
        What became of each model.
    work : Work
        Cohorts, models and risks.

    Yields
    ------
    Table
        Tables of the names a training's have, as far as they need no folds or refits.
    """
    yield from cohort_tables(work)
    together: dict[str, list[pd.DataFrame]] = {}
    for name, one in updates.items():
        endpoint = work.fitted[name].model.endpoint.name
        alone = Work({endpoint: one.cohort}, {}, work.settings, work.n_jobs, work.progress)
        alone.fitted, alone.risks = {name: work.fitted[name]}, {name: work.risks[name]}
        alone.left_out = {name: work.left_out[name]}
        for table in _model_tables(alone):
            together.setdefault(table.name, []).append(table.frame)
    for title, frames in together.items():
        some = [frame for frame in frames if len(frame)]
        yield Table(title, pd.concat(some, ignore_index=True) if some else frames[0])


def _model_tables(alone: Work) -> Iterator[Table]:
    yield from curve_tables(alone)
    yield from importance_tables(alone)
    yield from subgroup_tables(alone)
    yield Table("sample_size", sample_size_table(alone))
    yield Table("case_mix", case_mix_table(alone))
    dated = time_to_event_table(alone)
    if len(dated):
        yield Table("time_to_event", dated)


def update_notes(
    bundle: Bundle, updates: dict[str, ModelUpdate], refused: dict[str, str]
) -> list[str]:
    """Return what a reader of the update must see, beside what differs from development.

    Parameters
    ----------
    bundle : Bundle
        The parent.
    updates : dict of str to ModelUpdate
        What became of each model.
    refused : dict of str to str
        Models that could not be judged, and why.

    Returns
    -------
    list of str
        One sentence each.
    """
    parent = bundle.identity
    notes = [f"updated from {parent.name} {parent.version} (sha256 {parent.sha256[:12]})"]
    for name, one in updates.items():
        remarks = [*one.remarks, *_other_folds(one)]
        notes += [f"{name}: {one.said}", *(f"{name}: {remark}" for remark in remarks)]
    return notes + [f"{name}: not judged, so left as it is: {w}" for name, w in refused.items()]


def _other_folds(one: ModelUpdate) -> list[str]:
    """Return whose figures those after the update are, where folds decided otherwise."""
    if not one.folds_differ:
        return []
    folds, same = sum(one.decided.values()), one.decided.get(one.change, 0)
    said = ", ".join(f"{WORDS[change]} in {count}" for change, count in one.decided.items())
    return [
        f"{folds - same} of {folds} folds decide otherwise ({said}): the cross-validated figures "
        "are of the procedure; those of the model as shipped stand beside them and are apparent"
    ]


def development_tables(bundle: Bundle, updates: dict[str, ModelUpdate]) -> dict[str, pd.DataFrame]:
    """Return who the models were developed on, to set other populations beside.

    Parameters
    ----------
    bundle : Bundle
        The parent.
    updates : dict of str to ModelUpdate
        What became of each model.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``development_characteristics_<endpoint>`` where not every model of it was refitted, and
        ``development_case_mix`` of the models that were not, moved as they were.
    """
    refitted = {name for name, one in updates.items() if one.change == "refit"}
    kept = {}
    for endpoint, times in bundle.endpoints.items():
        name = development_characteristics(bundle, endpoint)
        if name in bundle.table_names and not {f"{endpoint}_{t}" for t in times} <= refitted:
            kept[f"development_characteristics_{endpoint}"] = pd.DataFrame(bundle.table(name))
    mix = [
        recalibrated_case_mix(rows, *_recalibration(updates.get(str(name))))
        for name, rows in development_case_mix(bundle).groupby("model", sort=False)
        if name not in refitted
    ]
    return kept | ({DEVELOPMENT: pd.concat(mix, ignore_index=True)} if mix else {})


def _recalibration(update: ModelUpdate | None) -> tuple[float, float]:
    """Return intercept and slope by which a model was moved; 0 and 1 where it was not."""
    if update is None or update.change == "no_change":
        return 0.0, 1.0
    return update.test.intercept, update.test.slope


def descended(
    parts: BundleParts,
    bundle: Bundle,
    registry: Registry,
    members: dict[str, Members],
    updates: dict[str, ModelUpdate],
) -> BundleParts:
    """Return the parts of the new bundle with what it has from its parent.

    Parameters
    ----------
    parts : BundleParts
        What the update itself made.
    bundle : Bundle
        The parent.
    registry : Registry
        The new registry.
    members : dict of str to Members
        Members of every model, recalibrated as it is.
    updates : dict of str to ModelUpdate
        What became of each model.

    Returns
    -------
    BundleParts
        Simulated if the parent, and so any ancestor, or the registry is; models not judged with
        the figures they had; summaries of the predictors of the development registry, unless every
        model was refitted.
    """
    manifest, parent = bundle.manifest, bundle.identity
    boosters = {name: bundle.booster(name) for name in bundle.model_names if name not in updates}
    unchanged = [row for row in manifest["performance"] if row["model"] not in updates]
    refitted = {name for name, one in updates.items() if one.change == "refit"}
    learned_here = refitted == set(bundle.model_names)
    change = "; ".join(f"{name}: {one.said}" for name, one in updates.items())
    entry = {"name": parent.name, "version": parent.version, "sha256": parent.sha256,
             "change": f"on {registry.source}: {change}"}  # fmt: skip
    return replace(
        parts,
        simulated=bundle.simulated or registry.simulated,
        dictionary=bundle.dictionary,
        models={name: parts.models.get(name) or bundle.model(name) for name in bundle.model_names},
        boosters={**parts.boosters, **{n: b for n, b in boosters.items() if b is not None}},
        members=members,
        performance=[*parts.performance, *unchanged],
        reference=_reference(bundle, registry) if learned_here else manifest["reference"],
        typicality=parts.typicality if learned_here else manifest["typicality"],
        subgroups=_subgroups(parts, manifest["subgroups"], set(updates)),
        provenance=_provenance(parts, bundle, registry, updates),
        lineage=[*manifest["lineage"], entry],
    )


def _reference(bundle: Bundle, registry: Registry) -> dict[str, Any]:
    typed = {"episodes": registry.episodes, "vertebrae": registry.vertebrae}
    summary = summarise(typed, bundle.dictionary)
    return {name: kept.as_dict() for name, kept in summary.items()}


def _provenance(
    parts: BundleParts, bundle: Bundle, registry: Registry, updates: dict[str, ModelUpdate]
) -> dict[str, Any]:
    """Return the provenance of the update, and of each model what it has from development."""
    told = bundle.manifest["provenance"]
    kept = {**parts.provenance, "choices": {**told.get("choices", {})}}
    for name, chosen in parts.provenance["choices"].items():
        first = {} if updates[name].change == "refit" else told.get("choices", {}).get(name, {})
        kept["choices"][name] = {**first, **chosen}
    changes = {name: one.change for name, one in updates.items()}
    if "refit" not in changes.values():
        kept["resamples"] = told.get("resamples", 0)
    return kept | {"models": origins(parts, bundle, registry, changes)}


def _subgroups(parts: BundleParts, before: dict[str, Any], judged: set[str]) -> dict[str, Any]:
    """Return the subgroups of the new registry; models not judged there keep the rows they had."""
    kept = [row for row in before.get("performance", []) if row["model"] not in judged]
    return {**parts.subgroups, "performance": [*parts.subgroups["performance"], *kept]}
