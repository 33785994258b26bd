from __future__ import annotations

import hashlib

import pytest

from vfprog.errors import ConfigError
from vfprog.serving.keys import ApiKey, new_key, owner_of, read_keys

KEY = "correct-horse"
ENTRY = f"ward-7:sha256:{hashlib.sha256(KEY.encode()).hexdigest()}"


def test_a_new_key_opens_and_is_not_in_its_entry() -> None:
    key, entry = new_key("ehr")
    assert key not in str(entry)
    assert owner_of({"x-api-key": key}, read_keys([str(entry)], "file")) == "ehr"
    assert new_key("ehr")[0] != key


@pytest.mark.parametrize(
    ("headers", "owner"),
    [
        ({"x-api-key": KEY}, "ward-7"),
        ({"authorization": f"Bearer {KEY}"}, "ward-7"),
        ({"authorization": f"bearer  {KEY} "}, "ward-7"),
        ({"authorization": "Basic abc", "x-api-key": KEY}, "ward-7"),
        ({"authorization": "Bearer wrong", "x-api-key": KEY}, None),
        ({"authorization": KEY}, None),
        ({"x-api-key": KEY[:-1]}, None),
        ({"x-api-key": ENTRY.rpartition(":")[2]}, None),
        ({"x-api-key": ""}, None),
        ({"x-api-key": "\udcff"}, None),
        ({}, None),
    ],
)
def test_whose_key_it_is(headers: dict[str, str], owner: str | None) -> None:
    assert owner_of(headers, read_keys([ENTRY], "file")) == owner


def test_an_empty_key_opens_nothing_even_where_its_hash_is_listed() -> None:
    assert owner_of({}, (ApiKey("empty", hashlib.sha256(b"").hexdigest()),)) is None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "there is no key"),
        (["# only a remark", " "], "there is no key"),
        ([ENTRY, "secret"], "entry 2 is not name:sha256:digest"),
        ([ENTRY.upper()], "entry 1 is not"),
        ([ENTRY, ENTRY], "names stand twice: ward-7"),
    ],
)
def test_a_file_that_would_leave_the_door_open_is_refused(lines, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read_keys(lines, "keys.txt")
    assert "secret" not in str(caught.value)


def test_a_name_is_a_word() -> None:
    with pytest.raises(ConfigError, match="the name of the client"):
        new_key("two words")
