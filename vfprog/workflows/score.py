"""Score: risks of a whole registry or table, written to a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vfprog.batch.score import score_arrays
from vfprog.errors import Failure, InputError
from vfprog.explain.attribution import attribution_table
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.scoring.choice import assignments
from vfprog.workflows.files import check_not_input, check_target, write_table
from vfprog.workflows.inputs import open_for

if TYPE_CHECKING:
    from pathlib import Path

    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.data.registry import Registry
    from vfprog.features.arrays import BoolArray, EpisodeArrays


@dataclass(frozen=True)
class Scored:
    """Scores written to a file.

    Parameters
    ----------
    path : pathlib.Path
        The file: episode_id and, for each endpoint, risk, prediction time and, where there is no
        risk, the reason; see `vfprog.batch.score.score_arrays`.
    scores : pandas.DataFrame
        Its content.
    contributions : pathlib.Path or None
        File of the contributions, if asked for.
    warnings : tuple of Failure
        Warnings of the checks.
    simulated : bool
        Whether the model was trained on simulated data.
    """

    path: Path
    scores: pd.DataFrame
    contributions: Path | None
    warnings: tuple[Failure, ...]
    simulated: bool


def score(
    bundle: Bundle | str | Path,
    source: str | Path | Registry,
    out: str | Path,
    *,
    mapping: str | Path | RegistryMapping | None = None,
    force: bool = False,
    contributions: bool = False,
) -> Scored:
    """Score every episode of a registry or table.

    Parameters
    ----------
    bundle : Bundle or str or pathlib.Path
        The bundle.
    source : str, pathlib.Path or Registry
        Five tables, or one row per episode with vertebrae nested.
    out : str or pathlib.Path
        File to write: .csv, .parquet or .json.
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign table's columns become ours.
    force : bool
        Replace an existing file.
    contributions : bool
        Write every contribution to every risk beside it, as a long table.

    Returns
    -------
    Scored
        The file and its content.

    Raises
    ------
    InputError
        The table has errors, or no row has any predictor; all are listed, nothing is written. A
        single row without any has no risk, and the reason ``empty``.
    """
    check_not_input(out, source, bundle, mapping=mapping)
    target = check_target(out, force=force)
    long = target.with_name(f"{target.stem}_contributions{target.suffix}")
    if contributions:
        check_not_input(long, source, bundle, mapping=mapping)
        check_target(long, force=force)
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    opened = open_for(loaded, source, mapping, scoring=True)
    arrays = opened.registry.arrays()
    _refuse_unknown(arrays, opened.registry)
    scores = score_arrays(loaded, arrays)
    scores.insert(0, "episode_id", opened.registry.episodes["episode_id"].to_numpy())
    write_table(scores, target, force=force)
    if contributions:
        ids = opened.registry.episodes["episode_id"].to_numpy()
        nobody = [(loaded.model_names[0], np.zeros(arrays.n, dtype=bool))]
        tables = [
            attribution_table(
                loaded.model(name), arrays.take(rows.nonzero()[0]), loaded.dictionary, ids[rows]
            )
            for name, rows in _known_only(assignments(loaded, arrays), arrays.given()) or nobody
        ]
        drivers = pd.concat(tables, ignore_index=True)
        marked = drivers.assign(trained_on=loaded.identity.trained_on)
        write_table(marked, long, force=force)
    return Scored(
        target, scores, long if contributions else None, opened.warnings, loaded.simulated
    )


def _known_only(
    chosen: list[tuple[str, BoolArray]], known: BoolArray
) -> list[tuple[str, BoolArray]]:
    return [(name, rows & known) for name, rows in chosen if (rows & known).any()]


def _refuse_unknown(arrays: EpisodeArrays, registry: Registry) -> None:
    """Refuse a table of whose episodes nothing is known: its columns have other names."""
    if arrays.given().any():
        return
    failures = [
        Failure("episodes", str(episode), "*", None, "empty", "no predictor is given")
        for episode in registry.episodes["episode_id"]
    ]
    if failures:
        raise InputError(failures)
