"""Which data a model was developed on, and on which its figures were made, after an update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vfprog.reports.grid import NONE, Grid
from vfprog.reports.words import whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vfprog.reports.evidence import Evidence

UNKNOWN = "not recorded in the bundle"
NEVER = "the bundle was never updated"
_FACTS = ("developed_on", "developed_digest", "judged_on", "judged_by", "changes", "alpha",
          "refit_rule")  # fmt: skip
_REFIT = "a refit only with Riley's size and a lower loss by a standard error"
_NOT_JUDGED = "not judged in this update; left as it was"
_CHANGES = {
    "no_change": "nothing", "new_intercept": "new intercept",
    "new_intercept_and_slope": "new intercept and slope", "refit": "fitted anew",
    "not_judged": _NOT_JUDGED,
}  # fmt: skip


def origin_grid(evidence: Evidence) -> Grid | None:
    """Return where each model of an updated bundle comes from, None for one never updated.

    Parameters
    ----------
    evidence : Evidence
        The bundle.

    Returns
    -------
    Grid or None
        A row per model.
    """
    if not evidence.origins:
        return None
    rows = tuple(
        (evidence.titles[name], data_words(one["developed_on"]), _CHANGES[one["change"]],
         data_words(one["judged_on"]), one["judged_by"])
        for name, one in evidence.origins.items()
    )  # fmt: skip
    columns = ("Model", "Developed on", "Changed", "Figures are of", "Made by")
    return Grid("Where each model and its figures come from", columns, rows)


def origin_facts(evidence: Evidence) -> dict[str, str]:
    """Return the facts of an update as words; a first training says that there was none.

    Parameters
    ----------
    evidence : Evidence
        The bundle.

    Returns
    -------
    dict of str to str
        ``developed_on``, ``developed_digest``, ``judged_on``, ``judged_by``, ``changes``,
        ``alpha`` (level of the tests), ``refit_rule``.
    """
    if not evidence.updated:
        return dict.fromkeys(_FACTS, NEVER)
    known = list(evidence.origins.values())
    changes = [f"{evidence.titles[name]}: {_CHANGES[one['change']]}"
               for name, one in evidence.origins.items()]  # fmt: skip
    asked = evidence.provenance.get("asked", {})
    return {
        "alpha": f"{asked['alpha']:g}" if "alpha" in asked else UNKNOWN,
        "refit_rule": _REFIT if asked.get("refit", True) else "no refit was considered",
        "developed_on": _each(data_words(one["developed_on"]) for one in known),
        "developed_digest": _each(one["developed_on"].get("digest", UNKNOWN) for one in known),
        "judged_on": _each(data_words(one["judged_on"]) for one in known),
        "judged_by": _each(one["judged_by"] for one in known),
        "changes": _each(changes),
    }


def data_words(data: dict[str, Any]) -> str:
    """Return the words for a registry: its source, size and whether it is simulated."""
    n = whole(data["n_episodes"]) if "n_episodes" in data else NONE
    kind = "simulated, " if data.get("simulated") else ""
    return f"{data.get('source', UNKNOWN)} ({kind}{n} episodes; version {data['version']})"


def _each(words: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(words)) or UNKNOWN
