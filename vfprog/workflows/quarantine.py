"""Quarantine: write what can be kept of a registry, what is set aside, and why."""

from __future__ import annotations

import gzip
import json
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pyarrow import parquet

from vfprog.config import load_yaml
from vfprog.data.checks import MAX_FAILURES, check_tables
from vfprog.data.mapping import load_mapping
from vfprog.data.quarantine import Quarantined, has_row, set_aside, source_table
from vfprog.data.readers import read_for_screening
from vfprog.data.reading.address import is_address
from vfprog.data.reading.folder import SUFFIXES, find_files
from vfprog.data.screening.screen import screen
from vfprog.data.sources import FIRST_ROW
from vfprog.errors import InputError
from vfprog.workflows.files import result_folder, without_formulas

if TYPE_CHECKING:
    import pandas as pd

    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.data.readers import ReadRegistry
    from vfprog.errors import Failure


def quarantine(
    source: str | Path,
    mapping: str | Path | RegistryMapping | None = None,
    *,
    out: str | Path,
    force: bool = False,
) -> Quarantined:
    """Set the bad rows of a registry aside, with their reasons, in a folder.

    ``out/kept`` is written like the source, so that the same mapping reads it; ``out/set_aside``
    holds the other rows of each table, ``out/reasons.csv`` one row per reason and
    ``out/reconciliation.csv`` the counts. The source is not touched.

    Parameters
    ----------
    source : str or pathlib.Path
        Folder, file or database.
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign registry's columns become ours.
    out : str or pathlib.Path
        Folder to create.
    force : bool
        Replace a folder of results that is there.

    Returns
    -------
    Quarantined
        What was written; no row that is kept has an error of its own.

    Raises
    ------
    ConfigError
        The folder exists.
    InputError
        The source cannot be read at all.
    """
    chosen = load_mapping(mapping) if isinstance(mapping, str | Path) else mapping
    with result_folder(out, force=force) as folder:
        places = _Places.of(source, chosen, folder / "kept")
        result = _until_stable(source, chosen, places)
        (folder / "set_aside").mkdir()
        for name, frame in result.set_aside.items():
            _write_csv(_with_json(frame), folder / "set_aside" / f"{name}.csv")
        _write_csv(without_formulas(result.reasons), folder / "reasons.csv")
        _write_csv(result.reconciliation, folder / "reconciliation.csv")
    return result


@dataclass(frozen=True)
class _Places:
    """Where the kept part of a source goes, so that it is read as the source was."""

    source: Path | None
    kept: Path
    mapping: RegistryMapping | None

    @classmethod
    def of(cls, source: str | Path, mapping: RegistryMapping | None, kept: Path) -> _Places:
        return cls(None if is_address(source) else Path(source), kept, mapping)

    def root(self, read: ReadRegistry) -> Path:
        """Return what is read again: the folder, or the one flat file in it."""
        return self.of_table("episodes", read) if read.source.is_flat else self.kept

    def of_table(self, name: str, read: ReadRegistry) -> Path:
        """Return the file of a table; a workbook or a database becomes CSV files."""
        if read.source.is_flat:
            whole = Path("episodes") if self.source is None else Path(self.source.name)
            return self.kept / (whole if _is_file(whole.name) else f"{whole.stem}.csv")
        options = {} if self.mapping is None else self.mapping.reading_options()["files"]
        files = {table: file for table, file in options.items() if file is not None}
        if self.source is not None and self.source.is_dir():
            return self.kept / find_files(self.source, files)[name].relative_to(self.source)
        given = files.get(name, name)
        return self.kept / (given if _is_file(given) else f"{given}.csv")

    def origin(self, place: Path, read: ReadRegistry) -> Path | None:
        """Return the file of the source that a kept file is part of, None where it was none."""
        if self.source is None or not (read.source.is_flat or self.source.is_dir()):
            return None
        beside = place.relative_to(self.kept)
        return self.source if read.source.is_flat else self.source / beside


def _is_file(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _until_stable(
    source: str | Path, mapping: RegistryMapping | None, places: _Places
) -> Quarantined:
    """Set rows aside, read what is left as anyone would, and repeat until nothing is found."""
    read = read_for_screening(source, mapping=mapping)
    failures = _every_failure(read)
    n_reasons = -1
    while True:
        result = set_aside(read, failures)
        _write_kept(result, read, places)
        try:
            found = _every_failure(read_for_screening(places.root(read), mapping=mapping))
        except InputError as error:  # nothing is left that is a table
            return replace(result, remaining=error.failures)
        errors = [failure for failure in found if failure.severity == "error"]
        more = [_on_its_line(f, read, result) for f in errors if has_row(f)]
        if not more or len(result.reasons) == n_reasons:
            return replace(result, remaining=tuple(errors))
        failures += more
        n_reasons = len(result.reasons)


def _every_failure(read: ReadRegistry) -> list[Failure]:
    """Return what was found; where only the first of many are told, look again for all."""
    screened = screen(read, {})
    counts = Counter((f.table, f.column, f.rule) for f in read.failures)
    if max(counts.values(), default=0) < MAX_FAILURES:
        return [*read.failures, *screened]
    translated = read.translated
    _, found = check_tables(
        translated.tables,
        translated.dictionary,
        all_episodes=read.registry.all_episodes,
        limit=None,
    )
    found = translated.named(found)
    return [*read.source.failures, *translated.failures, *found, *screened]


def _on_its_line(failure: Failure, read: ReadRegistry, result: Quarantined) -> Failure:
    """Return a failure of a kept row with the line the row has in the source."""
    lines = result.kept[source_table(read.source, failure)].index
    line = int(lines[int(failure.line or 0) - FIRST_ROW])
    return replace(failure, line=line, row=line if failure.row == failure.line else failure.row)


def _write_kept(result: Quarantined, read: ReadRegistry, places: _Places) -> None:
    shutil.rmtree(places.kept, ignore_errors=True)
    places.kept.mkdir()
    for name, frame in result.kept.items():
        place = places.of_table(name, read)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.name.lower().endswith(".parquet"):
            _write_parquet(frame, places.origin(place, read), place)
        else:
            _write_csv(frame, place, places.mapping)
    _write_about(places, simulated=read.source.simulated)


def _write_about(places: _Places, *, simulated: bool) -> None:
    """Keep what the registry says of itself; what was simulated stays so whatever it says."""
    about = None if places.source is None else places.source / "registry.yaml"
    there = about is not None and about.is_file()
    if about is not None and there and (not simulated or load_yaml(about).get("simulated")):
        shutil.copyfile(about, places.kept / "registry.yaml")
    elif simulated:
        (places.kept / "registry.yaml").write_text("simulated: true\n", encoding="utf-8")


def _write_parquet(frame: pd.DataFrame, origin: Path | None, place: Path) -> None:
    """Write rows with the types of the file they came from; a workbook's are words."""
    if origin is None:
        frame.to_parquet(place, index=False)
        return
    rows = frame.index.to_numpy() - FIRST_ROW
    parquet.write_table(parquet.ParquetFile(origin).read().take(rows), place)


def _write_csv(frame: pd.DataFrame, place: Path, mapping: RegistryMapping | None = None) -> None:
    """Write the same bytes for the same table, compressed if the name says so."""
    delimiter = mapping.delimiter if mapping is not None else None
    encoding = mapping.encoding if mapping is not None else None
    usual = "\t" if ".tsv" in place.suffixes else ","
    how: dict[str, Any] = {"index": False, "sep": delimiter or usual, "lineterminator": "\n"}
    if place.suffix == ".gz":
        content = frame.to_csv(**how).encode(encoding or "utf-8")
        place.write_bytes(gzip.compress(content, mtime=0))
    else:
        frame.to_csv(place, encoding=encoding or "utf-8", **how)


def _with_json(frame: pd.DataFrame) -> pd.DataFrame:
    """Write nested vertebrae as the JSON a CSV file would hold."""
    kinds = (list, np.ndarray)
    nested = [c for c in frame.columns if isinstance(next(iter(frame[c].dropna()), None), kinds)]
    return frame.assign(**{c: frame[c].map(_json, na_action="ignore") for c in nested})


def _json(value: list[Any] | np.ndarray[Any, Any]) -> str:
    return json.dumps(list(value), ensure_ascii=False, default=str)
