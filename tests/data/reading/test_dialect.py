"""Encodings and delimiters: told by few rules, refused where a rule cannot settle it."""

from __future__ import annotations

import pytest

from vfprog.data.reading.dialect import decode, find_delimiter
from vfprog.errors import ConfigError, InputError

WORDS = "site,name\nÄ,Zürich\n"


def refused(raw: bytes, encoding: str | None = None) -> tuple[str, int | None]:
    with pytest.raises(InputError) as caught:
        decode("visits", "v.csv", raw, encoding)
    (failure,) = caught.value.failures
    assert (failure.table, failure.rule) == ("visits", "unreadable")
    return failure.message, failure.line


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (WORDS.encode(), "utf-8"),
        (WORDS.encode("utf-8-sig"), "utf-8"),
        (WORDS.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + WORDS.encode("utf-16-be"), "utf-16"),
        (WORDS.encode("utf-32"), "utf-32"),
        (WORDS.encode("cp1252"), "cp1252"),
        (WORDS.encode("latin-1"), "cp1252"),
        (WORDS.replace("\n", "\r\n").encode(), "utf-8"),
        (WORDS.replace("\n", "\r").encode(), "utf-8"),
    ],
)
def test_the_same_words_in_many_encodings(raw, encoding):
    text = decode("visits", "v.csv", raw, None)
    assert text.data.decode() == WORDS
    assert text.encoding == encoding


def test_an_encoding_given_is_used():
    raw = "Straße\n".encode("cp850")
    assert decode("visits", "v.csv", raw, "cp850").data.decode() == "Straße\n"
    assert decode("visits", "v.csv", "Ä\n".encode("utf-8-sig"), "utf-8").data == "Ä\n".encode()
    message, line = refused(b"a\n\xe4\n", "utf-8")
    assert (line, "is no utf-8" in message) == (2, True)
    with pytest.raises(ConfigError, match="'utf-9' is unknown"):
        decode("visits", "v.csv", b"a\n", "utf-9")
    with pytest.raises(ConfigError, match="'rot13' is unknown"):
        decode("visits", "v.csv", b"a\n", "rot13")


def test_a_file_put_together_from_two_encodings_is_refused():
    message, line = refused("a\nZürich\n".encode() + "Köln\n".encode("cp1252"))
    assert line == 3
    assert "neither all UTF-8 nor all cp1252" in message


def test_a_file_cut_off_within_a_letter_is_refused():
    message, line = refused("a\nZü".encode()[:-1])
    assert line == 2
    assert "cut off within a letter" in message


def test_what_no_code_page_has_is_refused():
    assert refused(b"a\nb\n\x81\n")[1] == 3


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"PK\x03\x04rest", "Excel"),
        (b"PAR1rest", "Parquet"),
        (b"\x1f\x8brest", "gzip"),
        (b"a,b\n1,\x002\n", "0x00) in line 2"),
        (b"a,b\n1,\x1b[0m\n", "0x1b) in line 2"),
        ("a,b\n1,2\n".encode("utf-16-le"), "may be UTF-16"),
    ],
)
def test_what_is_no_text_is_refused(raw, what):
    assert what in refused(raw)[0]


def test_the_end_mark_of_dos_is_no_fault():
    assert decode("visits", "v.csv", b"a\n1\n\x1a", None).data == b"a\n1\n"


@pytest.mark.parametrize(
    ("records", "delimiter"),
    [
        (["a,b,c", "1,2,3"], ","),
        (["a;b", "1,5;2,5", "1,5;3,5"], ";"),
        (["a\tb", "1\t2"], "\t"),
        (["a|b|c", "1|2|3"], "|"),
        (["a;b,c;d", "1;2,3;4"], ";"),
        (['"a,b";c', '"1,2,3";4'], ";"),
        (["alone", "1", "2"], ","),
        (["a,b,c"], ","),
        # one broken record of twenty does not change what all others say
        (["a,b,c", *["1,2,3"] * 19, "1,2"], ","),
        (["a;b", "1", "2"], ";"),
    ],
)
def test_delimiter(records, delimiter):
    assert find_delimiter("visits", "v.csv", [r.encode() for r in records]) == delimiter


def test_two_delimiters_that_would_do_are_refused():
    with pytest.raises(InputError, match=r"parted by any of ',' ';'") as caught:
        find_delimiter("visits", "v.csv", [b"a;b,c", b"1;2,3"])
    assert caught.value.failures[0].rule == "delimiter"
