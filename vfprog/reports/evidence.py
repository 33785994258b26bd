"""What a report is made from: the tables and facts of one bundle, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.model import PrognosticModel

TIMES = {"preprocedure": "before the procedure", "postprocedure": "procedure included"}
SHOWN = "model"  # the learner that is the model as shown
_EMPTY_WORDS = ("first_month", "last_month")  # columns of words that may be empty throughout


@dataclass(frozen=True)
class Evidence:
    """A bundle as the report reads it.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    external : mapping of str to pandas.DataFrame
        Performance of the frozen models on other registries, by their names.
    """

    bundle: Bundle
    external: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @cached_property
    def frames(self) -> dict[str, pd.DataFrame]:
        """Every long table of the training by name."""
        return {name: frame_of(self.bundle.table(name)) for name in self.bundle.table_names}

    @cached_property
    def computed(self) -> frozenset[str]:
        """The tables with any figure; one that only gives reasons is none.

        Returns
        -------
        frozenset of str
            Names. A table of several validations is also there by the name of each that has a
            figure, ``validations.temporal``; ``external_validation`` stands for any elsewhere.
        """
        found = {name for name, frame in self.frames.items() if _has_figures(frame)}
        if "validations" in found:
            kinds = self.frames["validations"].groupby("validation")
            found |= {f"validations.{kind}" for kind, rows in kinds if _has_figures(rows)}
        return frozenset(found | ({"external_validation"} if self.external else set()))

    @cached_property
    def performance(self) -> pd.DataFrame:
        """The cross-validated figures of every model and learner; empty if there are none."""
        columns = ["model", "endpoint", "prediction_time", "learner", "metric", "estimate",
                   "lower", "upper", "n", "n_events", "reason"]  # fmt: skip
        table = frame_of(self.bundle.manifest["performance"])
        return table if len(table) else pd.DataFrame(columns=columns)

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the bundle comes from; bundles made by hand say less."""
        kept: dict[str, Any] = self.bundle.manifest["provenance"]
        return kept

    @property
    def updated(self) -> bool:
        """Whether the bundle was adapted to another registry after its training."""
        return bool(self.bundle.manifest["lineage"])

    @property
    def judged(self) -> str:
        """How the curves were made, in words."""
        return "on the registry of the update" if self.updated else "cross-validated"

    @property
    def origins(self) -> dict[str, dict[str, Any]]:
        """Where each model of an updated bundle comes from; empty for one never updated."""
        kept: dict[str, dict[str, Any]] = self.provenance.get("models", {})
        return kept

    def refitted(self, model: str) -> bool:
        """Whether a model was fitted to the registry the bundle tells of, not only moved on it."""
        return not self.updated or self.origins.get(model, {}).get("change") == "refit"

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
        what : {"resamples", "sites", "imputations", "dates", "times", ""}
            What it would have been made from.

        Returns
        -------
        str
            A sentence.
        """
        if what == "times" and not any(m.endpoint.kind == "event" for m in self.models.values()):
            return "no outcome of the models is a dated event, so there is no time to judge."
        if self.updated:
            return "the bundle was updated: an update computes no such table; see its parent."
        if what == "resamples" and not self.provenance.get("resamples"):
            return "the models were trained without bootstrap refits (train --resamples)."
        if what == "sites" and self.provenance.get("n_sites") == 1:
            return "all participants come from one site."
        if what == "imputations" and not self.provenance.get("settings", {}).get("imputations"):
            return "multiple imputation was not asked for (train --imputations)."
        return "the bundle holds no such table; train again to have it computed."


def frame_of(
    kept: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]],
) -> pd.DataFrame:
    """Return a long table of a bundle as a frame whose numbers are numbers.

    JSON has no NaN: a column of numbers that is undefined in every row, such as ``i2`` where no
    two sites could be pooled, comes back as a column of None.

    Parameters
    ----------
    kept : mapping of str to sequence, or sequence of mappings
        The columns, or the rows.

    Returns
    -------
    pandas.DataFrame
        Such columns are NaN; those of words are left as they are.
    """
    frame = pd.DataFrame(kept)
    empty = [c for c in frame if c not in _EMPTY_WORDS and frame[c].isna().all()]
    return frame.astype(dict.fromkeys(empty, float))


def _has_figures(frame: pd.DataFrame) -> bool:
    return len(frame) > 0 and ("estimate" not in frame or bool(frame["estimate"].notna().any()))
