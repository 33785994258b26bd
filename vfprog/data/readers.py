"""Read a registry: files, mapping, checks; the one door through which data come in."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vfprog.data.checks import check_tables
from vfprog.data.mapping import Mapping, load_mapping
from vfprog.data.registry import Registry
from vfprog.data.sources import Source, read_source
from vfprog.data.translate import Translated, translate
from vfprog.data.unpivot import split_flat
from vfprog.errors import Failure, InputError
from vfprog.schema.dictionary import Dictionary, load_dictionary

if TYPE_CHECKING:
    from collections.abc import Iterable

_COLUMNS = ["table", "row", "column", "value", "rule", "message", "severity"]


def read_registry(
    path: str | Path,
    *,
    mapping: str | Path | Mapping | None = None,
    dictionary: Dictionary | None = None,
    scoring: bool = False,
) -> tuple[Registry, tuple[Failure, ...]]:
    """Read, translate and check a registry.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder with ``episodes`` and, where there are any, ``vertebrae``, ``visits``,
        ``heights`` and ``events`` as CSV or Parquet; or one CSV or Parquet file with a row per
        episode, whose vertebrae may be nested in a column ``vertebrae``.
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign registry's columns become ours; a configuration name, a path, or the
        mapping itself.
    dictionary : Dictionary, optional
        The predictors; default the dictionary of the configuration.
    scoring : bool
        Whether the episodes only await a risk: patient, site, treatment and outcome may be
        absent without a word.

    Returns
    -------
    registry : Registry
        The typed tables. A value in error is missing in it.
    failures : tuple of Failure
        Everything found, errors and warnings. Rows are called by their episode_id or, where
        that is unknown, by the number a spreadsheet shows: the first record is row 2.

    Raises
    ------
    InputError
        A file is absent or is no table.
    ConfigError
        The mapping contradicts itself or the dictionary.
    """
    path = Path(path)
    dictionary = dictionary or load_dictionary()
    chosen = load_mapping(mapping) if isinstance(mapping, str | Path) else mapping
    options = {} if chosen is None else chosen.reading_options()
    source = read_source(path, **options)
    translated = _translate(source, chosen, dictionary, scoring=scoring)
    all_episodes = chosen is not None and chosen.all_episodes
    tables, found = check_tables(
        translated.tables, translated.dictionary, all_episodes=all_episodes, scoring=scoring
    )
    registry = Registry(
        **tables,
        dictionary=translated.dictionary,
        source=path.name,
        digest=source.digest,
        simulated=source.simulated or (chosen is not None and chosen.simulated),
        outcomes=translated.outcomes,
        all_episodes=all_episodes,
        notes=() if chosen is None or not chosen.population_note else (chosen.population_note,),
    )
    return registry, (*source.failures, *translated.failures, *translated.named(found))


def registry_of_frames(
    tables: dict[str, pd.DataFrame],
    *,
    dictionary: Dictionary | None = None,
    simulated: bool = False,
    source: str = "tables in memory",
) -> tuple[Registry, tuple[Failure, ...]]:
    """Check tables that are in memory already, such as a simulated registry.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables in our names; ``episodes`` at least.
    dictionary : Dictionary, optional
        The predictors; default the dictionary of the configuration.
    simulated : bool
        Whether the registry was simulated.
    source : str
        What to call it.

    Returns
    -------
    registry : Registry
        The typed tables. A value in error is missing in it.
    failures : tuple of Failure
        Everything found, errors and warnings.
    """
    dictionary = dictionary or load_dictionary()
    checked, found = check_tables(tables, dictionary)
    digest = hashlib.sha256()
    for name in sorted(tables):
        rows = pd.util.hash_pandas_object(tables[name], index=False)
        digest.update(name.encode() + rows.to_numpy().tobytes())
    registry = Registry(
        **checked,
        dictionary=dictionary,
        source=source,
        digest=digest.hexdigest(),
        simulated=simulated,
        outcomes=None,
        all_episodes=False,
        notes=(),
    )
    return registry, tuple(found)


def require_clean(failures: Iterable[Failure]) -> None:
    """Stop where anything is in error; warnings pass.

    Parameters
    ----------
    failures : iterable of Failure
        What `read_registry` found.

    Raises
    ------
    InputError
        At least one failure is an error; it carries the errors.
    """
    errors = [failure for failure in failures if failure.severity == "error"]
    if errors:
        raise InputError(errors)


def failure_table(failures: Iterable[Failure]) -> pd.DataFrame:
    """Return failures as a table, worst first.

    Parameters
    ----------
    failures : iterable of Failure
        What `read_registry` found.

    Returns
    -------
    pandas.DataFrame
        Columns table, row, column, value, rule, message, severity; errors before warnings,
        otherwise in the order found.
    """
    ordered = sorted(failures, key=lambda failure: failure.severity != "error")
    return pd.DataFrame([failure.as_dict() for failure in ordered], columns=_COLUMNS, dtype=object)


def _translate(
    source: Source, mapping: Mapping | None, dictionary: Dictionary, *, scoring: bool
) -> Translated:
    if mapping is not None:
        return translate(source, mapping, dictionary, scoring=scoring)
    if not source.is_flat:
        return Translated(source.tables, dictionary)
    tables, failures = split_flat(source.tables["episodes"], dictionary)
    return Translated(tables, dictionary, failures=tuple(failures))
