from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfprog.errors import InputError
from vfprog.schema.strict_json import DEEPEST, read_json

_LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(
    allow_nan=False, allow_infinity=False
)  # fmt: skip
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(st.lists(_JSON) | st.dictionaries(st.text(), _JSON))
def test_what_json_writes_is_read_back(content) -> None:
    assert read_json(json.dumps(content).encode(), "x") == content


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is not JSON: Expecting value at line 1, column 1"),
        (b'{"a": 1,}', "is not JSON: "),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"7", "expected an object or a list of objects, got int"),
        (b"null", "expected an object or a list of objects, got NoneType"),
        (b'{"a": 1, "b": 2, "a": 3}', "gives a twice"),
        (b'{"v": [{"a": 1, "a": 1}]}', "gives a twice"),
        (b'{"a": NaN}', "is not JSON: NaN is no number"),
        (b'{"a": -Infinity}', "is not JSON: -Infinity is no number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number too long"),
        (b"[" * 100_000, "objects too deep"),
        (b'{"a":' * 100_000, "objects too deep"),
    ],
)
def test_what_could_be_misread_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_json(raw, "the file")
    (failure,) = caught.value.failures
    assert failure.table == "the file"
    assert message in failure.message


def test_a_byte_order_mark_is_no_content() -> None:
    assert read_json(b"\xef\xbb\xbf{}", "x") == {}


def test_every_repeated_key_of_many_is_named() -> None:
    keys = [f"k{number}" for number in range(60_000)]
    raw = "{" + ", ".join(f'"{key}": 1' for key in [*keys, "k7", "k12"]) + "}"
    with pytest.raises(InputError, match="gives k12, k7 twice"):
        read_json(raw.encode(), "x")


@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_no_patient_is_deeper_than_the_limit(opened: str, closed: str) -> None:
    def nested(levels: int) -> bytes:
        return (opened * (levels - 1) + "[]" + closed * (levels - 1)).encode()

    read_json(nested(DEEPEST), "x")
    with pytest.raises(InputError, match="more than 50 deep"):
        read_json(nested(DEEPEST + 1), "x")
