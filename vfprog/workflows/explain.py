"""Explain: what the models of a bundle rely on, in a registry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.data.cohort import build_cohort
from vfprog.errors import TrainingError
from vfprog.records import Table
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.scoring.choice import known_after_procedure
from vfprog.workflows.figures import explained_figures, line_labels
from vfprog.workflows.files import result_folder, write_table
from vfprog.workflows.inputs import as_recorded, no_progress, open_for
from vfprog.workflows.reliance import MAX_EXPLAINED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfprog.data.cohort import Cohort
    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.data.registry import Registry
    from vfprog.records import Figure
    from vfprog.workflows.inputs import Progress


@dataclass(frozen=True)
class Explained:
    """Where the explanation is, and its summary.

    Parameters
    ----------
    folder : pathlib.Path
        Tables and figures of each model.
    importance : pandas.DataFrame
        Mean absolute contribution of each predictor in each model.
    concepts : pandas.DataFrame
        The same for concept groups.
    notes : list of str
        Models that could not be explained, and why.
    simulated : bool
        Whether the model or the registry is simulated.
    """

    folder: Path
    importance: pd.DataFrame
    concepts: pd.DataFrame
    notes: list[str]
    simulated: bool


def explain(
    bundle: Bundle | str | Path,
    source: str | Path | Registry,
    out: str | Path,
    *,
    mapping: str | Path | RegistryMapping | None = None,
    force: bool = False,
    max_rows: int = MAX_EXPLAINED,
    progress: Progress = no_progress,
) -> Explained:
    """Explain the models of a bundle on the participants of a registry.

    Parameters
    ----------
    bundle : Bundle or str or pathlib.Path
        The bundle.
    source : str, pathlib.Path or Registry
        The registry.
    out : str or pathlib.Path
        Folder for tables (Parquet and CSV) and figures (PNG).
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign registry's columns become ours.
    force : bool
        Replace a folder of results.
    max_rows : int
        Participants explained per model, drawn at random from more.
    progress : callable
        Called with stage, steps done and steps in all.

    Returns
    -------
    Explained
        Folder and summary.
    """
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    with result_folder(out, force=force) as folder:
        registry = open_for(loaded, source, mapping).registry
        kept: dict[str, list[pd.DataFrame]] = {"importance": [], "importance_concepts": []}
        notes: list[str] = []
        for done, name in enumerate(loaded.model_names, 1):
            model = loaded.model(name)
            try:
                cohort = _participants(loaded, name, registry)
            except TrainingError as error:
                notes.append(f"{name}: not explained: {error}")
                continue
            labels = line_labels(model, loaded.dictionary)
            records = explained_figures(model, cohort, loaded.dictionary, labels, max_rows=max_rows)
            _write(records, folder / name, kept, loaded.identity.trained_on)
            progress("explanations", done, len(loaded.model_names))
        if not kept["importance"]:
            raise TrainingError("nothing to explain:\n" + "\n".join(notes))
        tables = {stem: pd.concat(parts, ignore_index=True) for stem, parts in kept.items()}
        for stem, table in tables.items():
            write_table(table.assign(trained_on=loaded.identity.trained_on), folder / f"{stem}.csv")
    simulated = loaded.simulated or registry.simulated
    return Explained(
        Path(out), tables["importance"], tables["importance_concepts"], notes, simulated
    )


def _participants(bundle: Bundle, name: str, registry: Registry) -> Cohort:
    model = bundle.model(name)
    cohort = build_cohort(registry, as_recorded(model.endpoint, registry))
    if model.prediction_time == "postprocedure":
        after = known_after_procedure(cohort.arrays, bundle.dictionary)
        cohort = cohort.take(np.flatnonzero(after))
    if cohort.n == 0:
        raise TrainingError("no participant")
    return cohort


def _write(
    records: Iterable[Table | Figure],
    folder: Path,
    kept: dict[str, list[pd.DataFrame]],
    trained_on: str,
) -> None:
    folder.mkdir()
    for record in records:
        if not isinstance(record, Table):
            record.figure.savefig(folder / f"{record.name}.png", dpi=150)
        elif record.name in kept:
            kept[record.name].append(record.frame)
        else:
            marked = record.frame.assign(trained_on=trained_on)
            write_table(marked, folder / f"{record.name}.parquet")
