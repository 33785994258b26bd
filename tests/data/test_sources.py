"""Sources as they stand: faults of all their tables at once, names that tell no secret."""

from __future__ import annotations

import hashlib

import pytest

from vfprog.data.sources import read_source
from vfprog.errors import InputError


def test_all_tables_are_tried_before_refusing(tmp_path):
    (tmp_path / "episodes.csv").write_text("a,a\n1,2\n")
    (tmp_path / "visits.csv").write_text("a,b\n1\n")
    (tmp_path / "events.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError) as caught:
        read_source(tmp_path)
    assert [(f.table, f.rule) for f in caught.value.failures] == [
        ("episodes", "duplicate_column"), ("visits", "unreadable"),
    ]  # fmt: skip


def test_a_source_is_called_by_its_last_name(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("a,b\n1,2\n")
    source = read_source(str(path))
    assert (source.name, source.is_flat, source.simulated) == ("e.csv", True, False)
    content = hashlib.sha256(path.read_bytes()).digest()
    assert source.digest == hashlib.sha256(b"episodes" + content).hexdigest()


def test_notes_of_every_file_are_kept(tmp_path):
    (tmp_path / "episodes.csv").write_text("a;b\n1;2\n")
    (tmp_path / "visits.csv").write_text("a\tb\n1\t2\n")
    found = [(f.table, f.rule, f.value) for f in read_source(tmp_path).failures]
    assert found == [("episodes", "read_as", "utf-8 ;"), ("visits", "read_as", "utf-8 \t")]
