"""The templates of all pages: whatever stands in the data is text in them, never markup."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from vfprog.reports import words


def environment(*, escaped: bool = True) -> Environment:
    """Return the environment in which the templates of this folder are filled.

    Parameters
    ----------
    escaped : bool
        Whether words are escaped for HTML; else for Markdown.

    Returns
    -------
    jinja2.Environment
        A name a template uses and nobody gives is an error, never an empty place.
    """
    made = Environment(
        loader=PackageLoader("vfprog.reports"), autoescape=escaped,  # noqa: S701  # Markdown has its own
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=words.tidy if escaped else words.markdown,
    )  # fmt: skip
    made.filters |= {
        "whole": words.whole, "short": words.short, "percent": words.percent, "value": words.value,
        "spaced": words.spaced, "moment": words.moment,
    }  # fmt: skip
    made.globals |= {"counted": words.counted}
    return made
