from __future__ import annotations

import pytest

from vfprog.errors import ConfigError
from vfprog.reports.files import check_page, write_page


def test_a_page_is_written_beside_and_renamed(tmp_path):
    out = tmp_path / "new" / "page.html"
    assert write_page("<p>ä", out) == out
    assert out.read_text(encoding="utf-8") == "<p>ä"
    assert [path.name for path in out.parent.iterdir()] == ["page.html"]


def test_nothing_is_overwritten_unless_asked(tmp_path):
    out = tmp_path / "page.html"
    out.write_text("mine")
    with pytest.raises(ConfigError, match="--force"):
        write_page("yours", out)
    assert out.read_text() == "mine"
    write_page("yours", out, force=True)
    assert out.read_text() == "yours"


@pytest.mark.parametrize("name", ["page.txt", "page", "page.csv"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="html"):
        check_page(tmp_path / name, force=True)


def test_a_folder_is_never_replaced(tmp_path):
    (tmp_path / "x.html").mkdir()
    with pytest.raises(ConfigError, match="is a folder"):
        check_page(tmp_path / "x.html", force=True)


def test_half_a_surrogate_does_not_stop_the_page(tmp_path):
    assert write_page("a\ud800b", tmp_path / "page.html").read_bytes() == b"a?b"
