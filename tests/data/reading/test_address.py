"""Addresses of databases, and what of them may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from vfprog.data.reading.address import is_address, parse_address, without_password
from vfprog.errors import InputError


def test_what_is_an_address():
    assert is_address("sqlite:///a.db")
    assert not is_address("folder/a.csv")
    assert not is_address(Path("a.csv"))


@pytest.mark.parametrize(
    ("url", "system", "path", "table", "name"),
    [
        ("sqlite:///a.db", "sqlite", "a.db", None, "a.db"),
        ("sqlite:////data/my%20a.db#flat", "sqlite", "/data/my a.db", "flat", "my a.db#flat"),
        ("duckdb:///x/b.duckdb#s.t", "duckdb", "x/b.duckdb", "s.t", "b.duckdb#s.t"),
        ("SQLite:///a.db", "sqlite", "a.db", None, "a.db"),
    ],
)
def test_files(url, system, path, table, name):
    address = parse_address(url)
    assert (address.system, address.path, address.table) == (system, Path(path), table)
    assert address.name == name


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cret@host:5/db#t",
        "postgres://u:s3cret@host:5/db#t",
        "postgresql+psycopg://u:s3cret@host:5/db#t",
        "postgresql://u@host:5/db?password=s3cret#t",
    ],
)
def test_a_password_is_never_shown(url):
    address = parse_address(url)
    assert address.name == "postgresql://host:5/db#t"
    assert "s3cret" in address.target
    assert "s3cret" not in repr(address)
    shown = address.without_secrets(f"cannot connect with {address.target}\nsecond line")
    assert "s3cret" not in shown
    assert "second" not in shown


def test_a_password_is_never_shown_however_it_is_written():
    address = parse_address("postgresql://u:p%40ss@host/db")
    assert address.without_secrets("u p@ss p%40ss") == "u *** ***"


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("mysql://u:s3cret@host/db", "file_type"),
        ("https://u:s3cret@host/file.csv", "file_type"),
        ("sqlite://", "no_file"),
        ("sqlite:///:memory:", "no_file"),
        ("postgresql://u:s3cret@[host/db", "no_file"),
    ],
)
def test_other_addresses_are_refused_without_repeating_them(url, rule):
    with pytest.raises(InputError) as caught:
        parse_address(url)
    assert [f.rule for f in caught.value.failures] == [rule]
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["reg:pa/ss#w@host/db", "reg:pa#w@host/db", "reg:pa/w@host/db"])
def test_signs_that_are_not_encoded_are_refused(url):
    with pytest.raises(InputError, match="%2F") as caught:
        parse_address(f"postgresql://{url}")
    assert "pa" not in str(caught.value).replace("password", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "'postgresql://reg:pa/ss#w@host/db' is absent",
            "'postgresql://reg:***@host/db' is absent",
        ),
        ("postgresql:/reg:p@w@host/db", "postgresql:/reg:***@host/db"),
        ("host=h password=pw dbname=reg", "host=h password=*** dbname=reg"),
        ("host=h password = 'p w' dbname=reg", "host=h password = *** dbname=reg"),
        ("postgresql://u@h/db?sslpassword=pw&x=1", "postgresql://u@h/db?sslpassword=***&x=1"),
        ("known: sqlite:///FILE, postgresql://USER:PASSWORD@HOST/DATABASE", None),
        ("C:/data/x.csv: write to a@b", None),
    ],
)
def test_a_message_without_passwords(text, shown):
    assert without_password(text) == (text if shown is None else shown)
