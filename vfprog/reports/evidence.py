"""What a report is made from: the tables and facts of one bundle, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.model import PrognosticModel

TIMES = {"preprocedure": "before the procedure", "postprocedure": "procedure included"}
SHOWN = "model"  # the learner that is the model as shown


@dataclass(frozen=True)
class Evidence:
    """A bundle as the report reads it.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    """

    bundle: Bundle

    @cached_property
    def frames(self) -> dict[str, pd.DataFrame]:
        """Every long table of the training by name."""
        return {name: pd.DataFrame(self.bundle.table(name)) for name in self.bundle.table_names}

    @cached_property
    def computed(self) -> frozenset[str]:
        """All tables with a figure, not reasons alone; ``validations.<kind>`` of each such kind."""
        found = {name for name, frame in self.frames.items() if _has_figures(frame)}
        if "validations" in found:
            kinds = self.frames["validations"].groupby("validation")
            found |= {f"validations.{kind}" for kind, rows in kinds if _has_figures(rows)}
        return frozenset(found)

    @cached_property
    def performance(self) -> pd.DataFrame:
        """The cross-validated figures of every model and learner; empty if there are none."""
        columns = ["model", "endpoint", "prediction_time", "learner", "metric", "estimate",
                   "lower", "upper", "n", "n_events", "reason"]  # fmt: skip
        table = pd.DataFrame(self.bundle.manifest["performance"])
        return table if len(table) else pd.DataFrame(columns=columns)

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the bundle comes from; bundles made by hand say less."""
        kept: dict[str, Any] = self.bundle.manifest["provenance"]
        return kept

    @cached_property
    def models(self) -> dict[str, PrognosticModel]:
        """The models by name."""
        return {name: self.bundle.model(name) for name in self.bundle.model_names}

    def title(self, model: str) -> str:
        """Return the words for a model: ``Pain response, before the procedure``."""
        known = self.models[model]
        return f"{known.endpoint.label}, {TIMES[known.prediction_time]}"

    @cached_property
    def titles(self) -> dict[str, str]:
        """The words for every model."""
        return {name: self.title(name) for name in self.models}

    def of_model(self, table: str, model: str) -> pd.DataFrame | None:
        """Return the rows of one model in a table, None where there is no such table or row."""
        frame = self.frames.get(table)
        if frame is None or "model" not in frame:
            return None
        rows = frame[frame["model"] == model].reset_index(drop=True)
        return rows if len(rows) else None

    def headline(self, model: str) -> dict[str, dict[str, Any]]:
        """Return the cross-validated figures of a model as shown, by metric."""
        table = self.performance
        rows = table[(table["model"] == model) & (table["learner"] == SHOWN)]
        return {str(row["metric"]): {str(k): v for k, v in row.items()}
                for row in rows.to_dict("records")}  # fmt: skip

    def why_not(self, what: str) -> str:
        """Return why a part of the evidence is not there.

        Parameters
        ----------
        what : {"resamples", "sites", "imputations", "dates", ""}
            What it would have been made from.

        Returns
        -------
        str
            A sentence.
        """
        if what == "resamples" and not self.provenance.get("resamples"):
            return "the models were trained without bootstrap refits (train --resamples)."
        if what == "sites" and self.provenance.get("n_sites") == 1:
            return "all participants come from one site."
        if what == "imputations" and not self.provenance.get("settings", {}).get("imputations"):
            return "multiple imputation was not asked for (train --imputations)."
        return "the bundle holds no such table; train again to have it computed."


def _has_figures(frame: pd.DataFrame) -> bool:
    return len(frame) > 0 and ("estimate" not in frame or bool(frame["estimate"].notna().any()))
