from __future__ import annotations

from vfprog.cli.options import Format


def test_forms_of_output() -> None:
    assert [str(form) for form in Format] == ["text", "json"]
