"""Read one text file of fields: CSV in any of its dialects, plain or gzipped."""

from __future__ import annotations

import csv
import gzip
import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from vfprog.data.reading.dialect import DELIMITERS, decode, find_delimiter
from vfprog.data.reading.parts import MOST, Part, check_names, refuse
from vfprog.data.reading.records import Records, check_quotes
from vfprog.errors import ConfigError, Failure, InputError

if TYPE_CHECKING:
    from pathlib import Path

_SAMPLE_RECORDS, _SAMPLE_BYTES = 200, 1_000_000
_LEAST_BLOCK, _MOST_BLOCK = 1 << 22, (1 << 31) - 1


def read_text(
    table: str, path: Path, *, delimiter: str | None = None, encoding: str | None = None
) -> Part:
    """Read a text file as a table of words.

    Parameters
    ----------
    table : str
        Named in the failures.
    path : pathlib.Path
        The file; one that ends with ``.gz`` is unpacked.
    delimiter : str, optional
        Character between fields; default as it looks.
    encoding : str, optional
        Encoding; default as it looks.

    Returns
    -------
    Part
        All values are words; only an empty field is missing. A note says how the file was
        understood where that is not UTF-8 and commas.

    Raises
    ------
    InputError
        The file is no table; names the lines.
    ConfigError
        There is no such encoding or delimiter.
    """
    raw = path.read_bytes()
    digest = hashlib.sha256(raw).digest()
    text = decode(table, str(path), _unpacked(table, path, raw), encoding)
    del raw
    if not text.data or text.data.isspace():
        refuse(table, path.name, "unreadable", f"{path} is empty")
    records = Records.of(text.data)
    mark = _chosen(table, str(path), records, delimiter)
    check_quotes(table, str(path), records, mark)
    names = _header(table, str(path), records, mark)
    frame = _parse(table, str(path), records, mark, names)
    notes = _notes(table, str(path), records, mark, text.encoding)
    return Part(frame, digest, tuple(notes))


def _unpacked(table: str, path: Path, raw: bytes) -> bytes:
    if path.suffix.lower() != ".gz":
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        refuse(table, path.name, "unreadable", f"{path} is damaged or cut off: {error}")


def _chosen(table: str, place: str, records: Records, delimiter: str | None) -> str:
    sample = records.first(_SAMPLE_RECORDS, _SAMPLE_BYTES)
    if delimiter is None:
        return find_delimiter(table, place, sample)
    if not delimiter.isascii() or delimiter in '"\n\r':
        raise ConfigError(f"{delimiter!r} cannot be a delimiter")
    if delimiter.encode() not in sample[0] and any(m.encode() in sample[0] for m in DELIMITERS):
        text = f"{place} seems not to be separated by {delimiter!r}"
        refuse(table, sample[0][:60].decode(errors="replace"), "delimiter", text)
    return delimiter


def _header(table: str, place: str, records: Records, delimiter: str) -> list[str]:
    first = records[int(records.filled[0])].decode()
    try:
        names = next(csv.reader([first], delimiter=delimiter, strict=True))
    except csv.Error as error:
        refuse(table, first[:60], "unreadable", f"{place}: the header cannot be read: {error}", 1)
    return check_names(table, place, names)


def _parse(
    table: str, place: str, records: Records, delimiter: str, names: list[str]
) -> pd.DataFrame:
    body = records.filled[1:]
    index = pd.Index(body + 1, dtype="int64")
    if not body.size:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in names}, index=index)
    keys = [f"f{i}" for i in range(len(names))]
    longest = int((records.ends - records.starts).max())
    options: dict[str, Any] = {
        "convert_options": pa_csv.ConvertOptions(
            column_types=dict.fromkeys(keys, pa.large_string()),
            null_values=[""],
            strings_can_be_null=True,
            check_utf8=False,
        )
    }
    reading = {
        "column_names": keys,
        "block_size": min(max(_LEAST_BLOCK, 2 * longest), _MOST_BLOCK),
    }
    parsing = {"delimiter": delimiter, "newlines_in_values": records.nests_lines}
    start = int(records.starts[body[0]])
    buffer = pa.py_buffer(records.data).slice(start)
    try:
        found = pa_csv.read_csv(
            pa.BufferReader(buffer),
            read_options=pa_csv.ReadOptions(**reading),
            parse_options=pa_csv.ParseOptions(**parsing),
            **options,
        )
    except pa.ArrowException as error:
        _refuse_rows(table, place, buffer, (reading, parsing, options), body)
        refuse(table, None, "unreadable", f"{place} cannot be read: {error}")
    if found.num_rows != body.size:
        text = f"{place} has {body.size} records, but {found.num_rows} could be read"
        refuse(table, found.num_rows, "unreadable", text)
    frame: pd.DataFrame = found.rename_columns(names).to_pandas(
        types_mapper={pa.large_string(): pd.StringDtype(na_value=np.nan)}.get
    )
    frame.index = _as_range(index)
    return frame


def _as_range(index: pd.Index[int]) -> pd.Index[int]:
    """Return lines without a gap as a range, which takes no memory."""
    first, last = int(index[0]), int(index[-1])
    return pd.RangeIndex(first, last + 1) if last - first + 1 == len(index) else index


def _refuse_rows(table: str, place: str, buffer: Any, options: Any, body: Any) -> None:
    """Read again, slowly, and name the rows that are shorter or longer than the header."""
    reading, parsing, rest = options
    failures: list[Failure] = []

    def note(row: Any) -> str:
        if len(failures) < MOST:
            line = int(body[row.number - 1]) + 1
            text = (
                f"{place}: line {line} has {row.actual_columns} fields, "
                f"the header has {row.expected_columns}"
            )
            failures.append(
                Failure(table, line, "file", row.actual_columns, "unreadable", text, line=line)
            )
        return "skip"

    try:
        pa_csv.read_csv(
            pa.BufferReader(buffer),
            read_options=pa_csv.ReadOptions(use_threads=False, **reading),
            parse_options=pa_csv.ParseOptions(invalid_row_handler=note, **parsing),
            **rest,
        )
    except pa.ArrowException:
        if not failures:
            return
    if failures:
        raise InputError(failures)


def _notes(
    table: str, place: str, records: Records, delimiter: str, encoding: str
) -> list[Failure]:
    notes: list[tuple[object, str, str, int | None]] = []
    if (delimiter, encoding.lower()) != (",", "utf-8"):
        text = f"{place} was read as {encoding}, its fields parted by {delimiter!r}"
        notes.append((f"{encoding} {delimiter}", "read_as", text, None))
    if not records.data.endswith(b"\n"):
        line = len(records.ends)
        text = f"the last line of {place} does not end: the file may have been cut off"
        notes.append((None, "read_as", text, line))
    blank = np.flatnonzero(records.ends == records.starts)
    blank = blank[blank < records.filled[-1]]
    if blank.size:
        line = int(blank[0]) + 1
        text = f"{blank.size} blank lines of {place} are left out, the first is line {line}"
        notes.append((int(blank.size), "empty_row", text, line))
    return [
        Failure(table, None, "file", value, rule, text, "note", line)
        for value, rule, text, line in notes
    ]
