"""The model card of a bundle (Mitchell M et al. FAT* 2019:220), as Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vfprog.reports.environment import environment
from vfprog.reports.evidence import Evidence
from vfprog.reports.facts import facts
from vfprog.reports.limitations import limitations
from vfprog.reports.results import headline_grid

if TYPE_CHECKING:
    from vfprog.scoring.bundle import Bundle


def model_card(bundle: Bundle, *, report: str) -> str:
    """Return the model card of a bundle.

    Parameters
    ----------
    bundle : Bundle
        The bundle; nothing else is read.
    report : str
        Name of the report it lies beside.

    Returns
    -------
    str
        Markdown.
    """
    evidence = Evidence(bundle)
    found = limitations(evidence)
    kept = bundle.manifest["subgroups"]
    judged = (row for row in kept.get("performance", ()) if row["estimate"] is not None)
    card = (
        environment(escaped=False)
        .get_template("card.md")
        .render(
            bundle=bundle,
            facts=facts(evidence, limitations=len(found)),
            told=evidence.provenance,
            headline=headline_grid(evidence),
            groups=list(dict.fromkeys(row["label"] for row in judged)),
            limitations=found,
            report=report,
        )
    )
    return re.sub(r"\n{3,}", "\n\n", card).strip() + "\n"
