from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from tests.cohorts import registry_tables, write_registry
from vfprog.data.checks import capped
from vfprog.data.profile import profile
from vfprog.data.readers import read_for_screening
from vfprog.errors import Failure
from vfprog.reports.intake import MAX_GROUPS, MAX_ROWS, intake_page

EVIL = "<script>alert(1)</script>"
VOID = {"meta", "br", "img", "link", "hr", "input"}


class Page(HTMLParser):
    """Elements of a page with their attributes; fails where they are not nested."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    tables = registry_tables(60)
    tables["episodes"].loc[3, "age_years"] = 9
    tables["episodes"].loc[4, "t_score"] = None
    tables["episodes"]["site_id"] = [EVIL, "north"] * 30
    tables["episodes"][EVIL] = 1
    tables["episodes"].loc[5, "sex"] = EVIL
    return read_for_screening(write_registry(tmp_path_factory.mktemp("reports") / "r&d", tables))


def _page(read, failures=None, flows=None, refused=None):
    failures = read.failures if failures is None else failures
    return intake_page(
        read, failures, profile(read, failures), flows=flows or {}, refused=refused or {}
    )


def _failure(row, column="vas", severity="error", rule="hard_range", value=70):
    return Failure("visits", row, column, value, rule, f"too large, got {value}", severity, row)


def test_whatever_stands_in_the_data_is_text(read):
    page = Page(_page(read, refused={EVIL: EVIL}, flows={EVIL: _flow(EVIL)}))
    assert page.all("script") == []
    assert page.words.count(EVIL) >= 6  # site, column, value, endpoint and its reason


def test_nothing_is_fetched_and_no_script_could_run(read):
    page = Page(_page(read))
    attributes = [a for _, attrs in page.elements for a in attrs.items()]
    assert [name for name, _ in attributes if name.startswith("on") or name == "src"] == []
    assert all(value.startswith("#") for name, value in attributes if name == "href")
    policies = [m["content"] for m in page.all("meta") if m.get("http-equiv")]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert not re.search(r"https?:|url\(|@import", _page(read))


def test_the_page_can_be_read_without_seeing_it(read):
    page = Page(_page(read))
    assert [attrs["lang"] for attrs in page.all("html")] == ["en"]
    assert len(page.all("h1")) == 1
    assert all(attrs.get("scope") in {"col", "row"} for attrs in page.all("th"))
    assert all(a["role"] == "img" and a["aria-label"] for a in page.all("svg"))
    assert len(page.all("caption")) == len(page.all("table"))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"][1:] for attrs in page.all("a")} <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_simulated_data_are_called_so_at_both_ends(read):
    assert "SIMULATED" not in _page(read)
    simulated = replace(read, registry=replace(read.registry, simulated=True))
    page = _page(simulated)
    assert page.count("SIMULATED DATA") == 2
    assert "<title>SIMULATED" in page
    assert page.index('class="simulated"') < page.index("<h1>")


def test_errors_come_with_value_row_line_and_what_to_do(read):
    words = Page(_page(read)).words
    assert "Not ready. " in words
    assert "must lie between 18 and 110 in years, got 9" in words
    assert "e3 5 9" in words  # id, line, value
    assert "What to do: correct it, set unit, or declare it under missing." in words


@pytest.mark.parametrize(
    ("severity", "verdict"),
    [("error", "Not ready."), ("warning", "Ready once looked at."), ("note", "Ready.")],
)
def test_the_verdict_is_that_of_the_worst(read, severity, verdict):
    words = Page(_page(read, [_failure(2, severity=severity)])).words
    assert words.split("Intake report: r&d ")[-1].startswith(verdict)


def test_rows_are_limited_and_all_are_told(read):
    failures = capped([_failure(row) for row in range(2, 1502)])
    page = _page(read, failures)
    assert "1,500 places" in page
    assert f"{MAX_ROWS - 5} more" in page
    assert "1,300 more are not listed here" in page
    assert page.count('<td class="value">70</td>') == MAX_ROWS


def test_groups_are_limited_and_the_page_stays_small(read):
    failures = [_failure(row, f"c{column}") for column in range(400) for row in range(60)]
    failures += [_failure(2, f"w{column}", "warning") for column in range(40)]
    page = _page(read, failures)
    assert len(page) < 1_500_000
    assert page.count('<td class="value">70</td>') <= 4000 + 5 * (MAX_GROUPS + 30)
    assert page.count('<article class="group error">') == MAX_GROUPS
    assert f"{400 - MAX_GROUPS} more groups not shown" in page
    assert page.count('<article class="group warning">') == 30


def test_how_it_was_read_stands_apart(read):
    failure = Failure("episodes", None, "*", None, "read_as", "as CSV in cp1252", "note")
    page = _page(read, [failure])
    assert page.index("as CSV in cp1252") < page.index('id="found"')
    assert page.count("as CSV in cp1252") == 1


def test_participants_and_who_cannot_take_part(read):
    page = Page(_page(read, flows={"response": _flow("why")}, refused={"height_loss": "no films"}))
    assert "all 60 in population 45 15 why" in page.words
    assert "height_loss cannot be derived: no films" in page.words


def test_the_same_input_gives_the_same_page(read):
    assert _page(read) == _page(read)


def _flow(reason):
    columns = ["step", "n", "excluded", "reason"]
    return pd.DataFrame([("all", 60, 0, ""), ("in population", 45, 15, reason)], columns=columns)
