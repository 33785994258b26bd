"""Records of a text, counted as a spreadsheet does."""

from __future__ import annotations

import csv
import io

import hypothesis.strategies as st
import pytest
from hypothesis import given

from vfprog.data.reading.records import Records, check_quotes
from vfprog.errors import InputError


def test_records_by_hand():
    #        0123456789...  record 1 spans two lines, record 2 is blank
    data = b'a,b\n"x\ny",1\n\n2,3'
    records = Records.of(data)
    assert records.ends.tolist() == [3, 11, 12, 16]
    assert records.starts.tolist() == [0, 4, 12, 13]
    assert records.filled.tolist() == [0, 1, 3]
    assert records.nests_lines
    assert records[1] == b'"x\ny",1'
    assert [records.line_of(p) for p in (0, 4, 8, 13)] == [1, 2, 2, 4]
    assert records.first(2, 1000) == [b"a,b", b'"x\ny",1']
    assert records.first(5, 4) == [b"a,b"]
    assert not Records.of(b"a,b\n1,2\n").nests_lines
    assert Records.of(b"").ends.size == 0


@given(st.lists(st.lists(st.text('a,"\n', min_size=1, max_size=4), min_size=2, max_size=2),
                min_size=1, max_size=6))  # fmt: skip
def test_what_a_csv_writer_wrote_is_in_order(rows):
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\n").writerows(rows)
    records = Records.of(target.getvalue().encode())
    check_quotes("visits", "v.csv", records, ",")
    assert len(records.filled) == len(rows)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'a,b\n1,x"y\n', 2),
        (b'a,b\n1,"x"y\n', 2),
        (b'a,b\n1,x""y\n', 2),
        (b'a,b\n1,2\n3,"x', 3),
        (b'a;"b";c\n', 1),
    ],
)
def test_quotation_marks_out_of_order_are_refused(data, line):
    with pytest.raises(InputError) as caught:
        check_quotes("visits", "v.csv", Records.of(data), ",")
    assert caught.value.failures[0].line == line
