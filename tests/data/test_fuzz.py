"""Damaged files: refused, or read with a word, or read as they were; never anything else.

What no reader can see is a text that ends exactly where a row ends: those rows are then the first
rows of the whole, unchanged.
"""

from __future__ import annotations

import functools
import gzip
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings

from vfprog.data.readers import read_registry
from vfprog.data.registry import Registry
from vfprog.errors import ConfigError, InputError

N = 30
FRAME = pd.DataFrame(
    {
        "episode_id": [f"e{i:02d}" for i in range(N)],
        "patient_id": [f"p{i:02d}" for i in range(N)],
        "site_id": ["Zürich", "Bern", "Genève"] * (N // 3),
        "treatment": ["vertebroplasty", "sham"] * (N // 2),
        "index_date": [f"2020-01-{i + 1:02d}" for i in range(N)],
        "age_years": [70 + i / 4 for i in range(N)],
        "vas_baseline": [5 + i / 10 for i in range(N)],
    }
)
TEXT = FRAME.to_csv(index=False)
FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def as_csv(path: Path) -> None:
    path.write_bytes(TEXT.encode())


def as_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(TEXT.encode(), mtime=0))


def as_parquet(path: Path) -> None:
    FRAME.to_parquet(path, index=False)


def as_excel(path: Path) -> None:
    FRAME.to_excel(path, sheet_name="episodes", index=False)


def as_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        FRAME.to_sql("episodes", connection, index=False)


def as_duckdb(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        columns = ", ".join(f"{name} VARCHAR" for name in FRAME)
        connection.execute(f"CREATE TABLE episodes ({columns})")
        marks = ", ".join("?" * FRAME.shape[1])
        rows = FRAME.astype(str).to_numpy().tolist()
        connection.executemany(f"INSERT INTO episodes VALUES ({marks})", rows)  # noqa: S608


KINDS: dict[str, tuple[str, Callable[[Path], None]]] = {
    ".csv": ("{}", as_csv),
    ".csv.gz": ("{}", as_gzip),
    ".parquet": ("{}", as_parquet),
    ".xlsx": ("{}", as_excel),
    ".db": ("sqlite:///{}", as_sqlite),
    ".duckdb": ("duckdb:///{}", as_duckdb),
}


@functools.cache
def whole(kind: str) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"e{kind}"
        KINDS[kind][1](path)
        return path.read_bytes()


def read(folder: Path, kind: str, content: bytes) -> Registry | None:
    """Return what was read without a word; None where anything was said or refused."""
    path = folder / f"e{kind}"
    path.write_bytes(content)
    try:
        registry, failures = read_registry(KINDS[kind][0].format(path))
    except (InputError, ConfigError):
        return None
    return None if failures else registry


def same(registry: Registry, n: int = N) -> bool:
    episodes = registry.episodes
    expected = FRAME.head(n)
    return (
        len(episodes) == n
        and all(episodes[c].tolist() == expected[c].tolist()
                for c in ("episode_id", "patient_id", "site_id", "treatment",
                          "age_years", "vas_baseline"))
        and episodes["index_date"].dt.strftime("%Y-%m-%d").tolist()
        == expected["index_date"].tolist()
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_file_is_read_without_a_word(tmp_path, kind):
    registry = read(tmp_path, kind, whole(kind))
    assert registry is not None
    assert same(registry)


@pytest.mark.slow
def test_a_csv_cut_off_anywhere(tmp_path):
    content = b"".join(whole(".csv").splitlines(keepends=True)[:6])
    for n in range(len(content)):
        registry = read(tmp_path, ".csv", content[:n])
        if registry is not None:
            rows = content[:n].count(b"\n") - 1
            assert content[:n].endswith(b"\n")
            assert same(registry, rows)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != ".csv"])
@FUZZ
@given(share=st.floats(0, 1, exclude_max=True))
@example(share=0.0)
@example(share=0.9999999)
def test_a_packed_file_cut_off_anywhere(tmp_path, kind, share):
    content = whole(kind)
    registry = read(tmp_path, kind, content[: int(len(content) * share)])
    assert registry is None or same(registry)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [".csv.gz", ".xlsx"])
@FUZZ
@given(share=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_packed_file_with_a_changed_byte(tmp_path, kind, share, flip):
    content = bytearray(whole(kind))
    content[int(len(content) * share)] ^= flip
    registry = read(tmp_path, kind, bytes(content))
    assert registry is None or same(registry)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@FUZZ
@given(content=st.binary(max_size=400))
def test_any_bytes(tmp_path, kind, content):
    assert read(tmp_path, kind, content) is None


@pytest.mark.slow
@FUZZ
@given(start=st.integers(0, 60), content=st.text(st.sampled_from(
    'ab17.,;|\t"\n\r -é€\x00\x1a\x85\ufeff\ud7ff[{'), max_size=60))  # fmt: skip
def test_any_text_in_the_midst_of_a_csv(tmp_path, start, content):
    lines = TEXT.splitlines(keepends=True)
    changed = lines[3][:start].rstrip("\n") + content + "\n"
    registry = read(tmp_path, ".csv", "".join([*lines[:3], changed, *lines[4:]]).encode())
    if registry is not None:  # that row may hold something else now, the others may not
        others = registry.episodes.set_index("episode_id")["age_years"]
        expected = FRAME.set_index("episode_id")["age_years"].drop("e02")
        assert others[expected.index].tolist() == expected.tolist()


@pytest.mark.slow
@FUZZ
@given(
    raw=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=200),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
)
def test_any_words_in_any_encoding(tmp_path, raw, encoding):
    assert read(tmp_path, ".csv", raw.encode(encoding)) is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_the_same_content_in_other_encodings(tmp_path, encoding):
    path = tmp_path / "e.csv"
    path.write_bytes(TEXT.encode(encoding))
    registry, failures = read_registry(path)
    assert same(registry)
    assert {f.rule for f in failures} <= {"read_as"}
    assert len(failures) == (encoding != "utf-8-sig")


def mixed_line_ends() -> bytes:
    lines = TEXT.encode().split(b"\n")[:-1]
    return b"".join(line + (b"\n", b"\r\n", b"\r")[i % 3] for i, line in enumerate(lines))


def test_mixed_line_ends(tmp_path):
    registry = read(tmp_path, ".csv", mixed_line_ends())
    assert registry is not None
    assert same(registry)


HAND = {
    "empty": b"",
    "spaces": b"   \n  \n",
    "a byte order mark alone": b"\xef\xbb\xbf",
    "header only": TEXT.encode().split(b"\n")[0] + b"\n",
    "nul bytes": TEXT.encode().replace(b"sham", b"sh\0m", 1),
    "utf-16 without a mark": TEXT.encode("utf-16-le"),
    "utf-16 cut in half a letter": TEXT.encode("utf-16")[:-1],
    "two encodings": TEXT.encode() + TEXT.encode("cp1252").split(b"\n", 1)[1],
    "an unclosed quotation mark": TEXT.encode().replace(b"Bern", b'"Bern', 1),
    "a huge field": TEXT.encode().replace(b"Bern", b"B" * 3_000_000, 1) + b"x,\n",
    "a huge number": TEXT.encode().replace(b"70.25", b"9" * 6000, 1),
    "nested beyond measure": b"episode_id,treatment,vertebrae\na,sham," + b"[" * 50_000 + b"\n",
    "10,000 columns": b",".join(b"c%d" % i for i in range(10_000)) + b"\n" + b"1," * 9999 + b"1\n",
    "10,000 columns and a short row": b"a," * 9999 + b"b\n1,2\n",
    "binary": bytes(range(256)) * 20,
    "an html page": b"<!DOCTYPE html>\n<html><body>404</body></html>\n",
    "json": b'[{"episode_id": "a"}]\n',
    "a header twice": (TEXT + TEXT).encode(),
    "columns that share a name": TEXT.encode().replace(b"patient_id", b"episode_id", 1),
    "delimiters at war": b"a;b,c\n1;2,3\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("case", HAND)
@pytest.mark.parametrize("packed", [False, True])
def test_a_list_of_horrors(tmp_path, case, packed):
    content = gzip.compress(HAND[case]) if packed else HAND[case]
    assert read(tmp_path, ".csv.gz" if packed else ".csv", content) is None


@pytest.mark.parametrize("given_kind", KINDS)
@pytest.mark.parametrize("true_kind", KINDS)
def test_a_file_under_a_wrong_name(tmp_path, given_kind, true_kind):
    registry = read(tmp_path, given_kind, whole(true_kind))
    if given_kind == true_kind:
        assert registry is not None
    else:
        assert registry is None


def test_a_folder_named_like_a_file_and_a_file_nobody_may_read(tmp_path, monkeypatch):
    for name in ("e.csv", "e.xlsx", "e.parquet"):
        (tmp_path / name).mkdir()
        with pytest.raises(InputError, match=r"no file episodes\.csv"):
            read_registry(tmp_path / name)
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "episodes.csv").mkdir()
    with pytest.raises(InputError, match=r"no file episodes\.csv"):
        read_registry(tmp_path / "f")
    as_csv(tmp_path / "g.csv")

    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(InputError, match="Permission denied") as caught:
        read_registry(tmp_path / "g.csv")
    assert caught.value.failures[0].rule == "unreadable"


@pytest.mark.parametrize("name", ["a\0b.csv", "x" * 5000 + ".csv", ""])
def test_names_no_file_can_have(tmp_path, name):
    with pytest.raises(InputError):
        read_registry(f"{tmp_path}/{name}")
