"""How a text file is written: its encoding and the character between its fields.

Few rules, all told to the user: what a rule cannot settle is refused, not guessed.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from vfprog.data.reading.parts import refuse
from vfprog.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKS = (  # longest first: the mark of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
)
# Everything below the space but tab, line ends, vertical tab and form feed; and delete.
_CONTROL = bytes([*range(9), *range(14, 32), 127])
_FIRST_CONTROL = re.compile(b"[" + re.escape(_CONTROL) + b"]")
_UTF8_LETTER = re.compile("[^\x00-\x7f�]")
_DOS_END = b"\x1a"
DELIMITERS = (",", ";", "\t", "|")
_QUOTED = re.compile(rb'"[^"]*"')
_AGREEING = 0.9


@dataclass(frozen=True)
class Text:
    """The text of a file.

    Parameters
    ----------
    data : bytes
        UTF-8 without a byte order mark; every line ends with a line feed.
    encoding : str
        How the file writes it.
    """

    data: bytes
    encoding: str


def decode(table: str, place: str, raw: bytes, encoding: str | None) -> Text:
    """Decode a file.

    UTF-8 is what is valid UTF-8; UTF-16 and UTF-32 are told by their byte order mark; anything
    else is Windows-1252, of which printable Latin-1 is a part. A file with letters in UTF-8 and
    others that are not is damaged or put together from two, and is refused.

    Parameters
    ----------
    table, place : str
        Named in the failures.
    raw : bytes
        Content of the file.
    encoding : str, optional
        Encoding the user gave.

    Returns
    -------
    Text
        The text and its encoding.

    Raises
    ------
    InputError
        The file is no text, or no text in that encoding.
    ConfigError
        There is no such encoding.
    """
    for magic, what in _BINARY:
        if raw.startswith(magic):
            refuse(table, what, "unreadable", f"{place} is no text, it seems to be {what}")
    marked = next((name for mark, name in _MARKS if raw.startswith(mark)), None)
    if encoding is not None:
        text = Text(_transcode(table, place, raw, encoding), encoding)
    elif marked is not None:
        text = Text(_transcode(table, place, raw, marked), marked)
    else:
        text = _unmarked(table, place, raw)
    data = text.data.removeprefix(codecs.BOM_UTF8)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = data.removesuffix(_DOS_END)
    _check_characters(table, place, data)
    return Text(data, text.encoding)


def find_delimiter(table: str, place: str, records: Sequence[bytes]) -> str:
    """Return the character between the fields of a table.

    It is the one that gives most fields among those that part nine of ten records into as many
    fields as the header.

    Parameters
    ----------
    table, place : str
        Named in the failure.
    records : sequence of bytes
        The header and the first records.

    Returns
    -------
    str
        One of `DELIMITERS`; a comma where the table has but one column.

    Raises
    ------
    InputError
        Two characters would do as well.
    """
    bare = [_QUOTED.sub(b"", record) for record in records]
    ranks = {}
    for mark in DELIMITERS:
        counts = [record.count(mark.encode()) for record in bare]
        share = sum(count == counts[0] for count in counts[1:]) / max(len(counts) - 1, 1)
        if counts[0]:
            agrees = len(counts) == 1 or share >= _AGREEING
            ranks[mark] = (agrees, 1.0 if agrees else share, counts[0])
    if not ranks:
        return ","
    best = max(ranks.values())
    marks = [mark for mark, rank in ranks.items() if rank == best]
    if len(marks) > 1:
        text = f"the fields of {place} may be parted by any of {' '.join(map(repr, marks))}"
        refuse(table, "".join(marks), "delimiter", f"{text}: set delimiter in a mapping")
    return marks[0]


def _transcode(table: str, place: str, raw: bytes, encoding: str) -> bytes:
    try:
        if codecs.lookup(encoding).name in {"utf-8", "utf-8-sig", "ascii"}:
            raw.decode(encoding)
            return raw
        return raw.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        _undecodable(table, place, raw, error, f"is no {encoding}")
    except UnicodeEncodeError as error:
        refuse(table, encoding, "unreadable", f"{place} is no {encoding}: {error.reason}")
    except (LookupError, TypeError, ValueError) as error:
        raise ConfigError(f"encoding {encoding!r} is unknown: {error}") from error


def _unmarked(table: str, place: str, raw: bytes) -> Text:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data"
        if cut or _UTF8_LETTER.search(raw.decode("utf-8", errors="replace")):
            why = "is cut off within a letter" if cut else "is neither all UTF-8 nor all cp1252"
            _undecodable(table, place, raw, error, f"{why}: export it again, or set encoding")
    else:
        return Text(raw, "utf-8")
    try:
        return Text(raw.decode("cp1252").encode("utf-8"), "cp1252")
    except UnicodeDecodeError as error:
        _undecodable(table, place, raw, error, "is neither UTF-8 nor cp1252: set encoding")


def _undecodable(
    table: str, place: str, raw: bytes, error: UnicodeDecodeError, why: str
) -> NoReturn:
    line = raw.count(b"\n", 0, error.start) + 1
    byte = raw[error.start : error.start + 1].hex()
    text = f"{place} {why}; line {line} holds the byte 0x{byte}"
    refuse(table, f"0x{byte}", "unreadable", text, line)


def _check_characters(table: str, place: str, data: bytes) -> None:
    n_odd = len(data) - len(data.translate(None, _CONTROL))
    if not n_odd:
        return
    found = _FIRST_CONTROL.search(data)
    start = found.start() if found else 0
    line = data.count(b"\n", 0, start) + 1
    byte = data[start : start + 1].hex()
    hint = "; it may be UTF-16: set encoding" if data.count(b"\0") * 3 > len(data) else ""
    text = (
        f"{place} holds {n_odd} characters that no text has, the first (0x{byte}) "
        f"in line {line}{hint}"
    )
    refuse(table, f"0x{byte}", "unreadable", text, line)
