"""Read a registry: files, mapping, checks; the one door through which data come in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vfprog.data.catalogue import what_to_do
from vfprog.data.checks import check_tables
from vfprog.data.mapping import Mapping, load_mapping
from vfprog.data.notation import in_our_notation
from vfprog.data.registry import Registry
from vfprog.data.sources import Source, read_source
from vfprog.data.translate import Translated, translate
from vfprog.data.unpivot import split_flat
from vfprog.data.values import find_target
from vfprog.errors import Failure, InputError
from vfprog.schema.dictionary import Dictionary, load_dictionary

if TYPE_CHECKING:
    from collections.abc import Iterable

_COLUMNS = ["table", "row", "line", "column", "value", "rule", "message", "severity", "what_to_do"]
_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class ReadRegistry:
    """A registry with every stage of its reading.

    Parameters
    ----------
    registry : Registry
        The typed tables.
    failures : tuple of Failure
        Everything found value by value.
    source : Source
        What was read: their names, their words.
    translated : Translated
        Our names and units, not yet typed; the index counts rows as a spreadsheet does.
    typed : dict of str to pandas.DataFrame
        The typed tables with that index.
    """

    registry: Registry
    failures: tuple[Failure, ...]
    source: Source
    translated: Translated
    typed: dict[str, pd.DataFrame]


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
        ``heights`` and ``events`` as CSV (gzipped or not) or Parquet; an Excel workbook with
        these sheets; or the URL of a database with these tables, ``sqlite:///FILE``,
        ``duckdb:///FILE`` or ``postgresql://USER:PASSWORD@HOST/DATABASE``. Or one CSV or Parquet
        file, one sheet, or one table (``#TABLE`` at the end of the URL) with a row per episode,
        whose vertebrae may be nested in a column ``vertebrae``.
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
    found = read_for_screening(path, mapping=mapping, dictionary=dictionary, scoring=scoring)
    return found.registry, found.failures


def read_for_screening(
    path: str | Path,
    *,
    mapping: str | Path | Mapping | None = None,
    dictionary: Dictionary | None = None,
    scoring: bool = False,
) -> ReadRegistry:
    """Read, translate and check a registry, and keep every stage for checks of whole columns.

    Parameters
    ----------
    path : str or pathlib.Path
        As in `read_registry`.
    mapping : str, pathlib.Path or Mapping, optional
        As in `read_registry`.
    dictionary : Dictionary, optional
        As in `read_registry`.
    scoring : bool
        As in `read_registry`.

    Returns
    -------
    ReadRegistry
        The registry, what was found, and the tables on the way.
    """
    dictionary = dictionary or load_dictionary()
    chosen = load_mapping(mapping) if isinstance(mapping, str | Path) else mapping
    options = {} if chosen is None else chosen.reading_options()
    source = read_source(path, **options)
    translated = _translate(source, chosen, dictionary, scoring=scoring)
    all_episodes = chosen is not None and chosen.all_episodes
    typed, found = check_tables(
        translated.tables, translated.dictionary, all_episodes=all_episodes, scoring=scoring
    )
    registry = Registry(
        **_numbered(typed),
        dictionary=translated.dictionary,
        source=source.name,
        digest=source.digest,
        simulated=source.simulated or (chosen is not None and chosen.simulated),
        outcomes=translated.outcomes,
        all_episodes=all_episodes,
        notes=() if chosen is None or not chosen.population_note else (chosen.population_note,),
        own_endpoints=translated.own_endpoints,
    )
    failures = (*source.failures, *translated.failures, *translated.named(found))
    return ReadRegistry(registry, failures, source, translated, typed)


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
        **_numbered(checked),
        dictionary=dictionary,
        source=source,
        digest=digest.hexdigest(),
        simulated=simulated,
        outcomes=None,
        all_episodes=False,
        notes=(),
        own_endpoints=(),
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
        Columns table, row, line, column, value, rule, message, severity, what_to_do; errors
        before warnings before notes, otherwise in the order found.
    """
    ordered = sorted(failures, key=lambda failure: _ORDER[failure.severity])
    records = [failure.as_dict() | {"what_to_do": what_to_do(failure.rule)} for failure in ordered]
    return pd.DataFrame(records, columns=_COLUMNS, dtype=object)


def _numbered(typed: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: frame.reset_index(drop=True) for name, frame in typed.items()}


def _translate(
    source: Source, mapping: Mapping | None, dictionary: Dictionary, *, scoring: bool
) -> Translated:
    if mapping is not None:
        return translate(source, mapping, dictionary, scoring=scoring)
    tables, told = _in_our_notation(source, dictionary)
    if not source.is_flat:
        return Translated(tables, dictionary, failures=tuple(told))
    tables, failures = split_flat(tables["episodes"], dictionary)
    return Translated(tables, dictionary, failures=(*told, *failures))


def _in_our_notation(
    source: Source, dictionary: Dictionary
) -> tuple[dict[str, pd.DataFrame], list[Failure]]:
    """Write numbers and dates as we do where no mapping says how; the source keeps its own."""
    tables: dict[str, pd.DataFrame] = {}
    failures: list[Failure] = []
    for name, raw in source.tables.items():
        tables[name] = raw.copy(deep=False)
        for column in raw.columns:
            target = find_target(name, column, dictionary)
            if target is None and source.is_flat:
                target = find_target("vertebrae", column, dictionary)
            if target is not None:
                tables[name][column], told = in_our_notation(raw[column], target)
                failures += told
    return tables, failures
