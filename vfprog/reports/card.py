"""The model card of a bundle (Mitchell M et al. FAT* 2019:220), as Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vfprog.reports.environment import environment
from vfprog.reports.evidence import Evidence
from vfprog.reports.facts import facts, judged_groups
from vfprog.reports.limitations import limitations
from vfprog.reports.results import external_grids, headline_grid

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from vfprog.scoring.bundle import Bundle


def model_card(
    bundle: Bundle, *, report: str, validations: Mapping[str, pd.DataFrame] | None = None
) -> str:
    """Return the model card of a bundle.

    Parameters
    ----------
    bundle : Bundle
        The bundle; nothing else is read.
    report : str
        Name of the report it lies beside.
    validations : mapping of str to pandas.DataFrame, optional
        Performance of the frozen models on other registries, by their names.

    Returns
    -------
    str
        Markdown.
    """
    evidence = Evidence(bundle, validations or {})
    found = limitations(evidence)
    card = (
        environment(escaped=False)
        .get_template("card.md")
        .render(
            bundle=bundle,
            evidence=evidence,
            facts=facts(evidence, limitations=len(found)),
            told=evidence.provenance,
            headline=headline_grid(evidence),
            external=external_grids(evidence),
            groups=judged_groups(evidence),
            limitations=found,
            report=report,
        )
    )
    return re.sub(r"\n{3,}", "\n\n", card).strip() + "\n"
