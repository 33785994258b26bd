import pytest
from jinja2 import UndefinedError

from vfprog.reports.environment import environment


def test_words_of_the_data_are_escaped_in_a_page_and_in_a_card():
    said = {"name": "<b>|*"}
    assert environment().from_string("{{ name }}").render(said) == "&lt;b&gt;|*"
    assert environment(escaped=False).from_string("{{ name }}").render(said) == r"&lt;b&gt;\|\*"


def test_a_name_nobody_gives_is_an_error():
    with pytest.raises(UndefinedError, match="'risk' is undefined"):
        environment().from_string("{{ risk }}").render()
