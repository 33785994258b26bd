"""How models are fitted and judged: one frozen, checked set of settings."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from vfprog.config import load_config
from vfprog.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


class TreeSettings(BaseModel):
    """Settings of the boosted trees, as in XGBoost.

    Parameters
    ----------
    max_depth : int
        Depth of a tree, at most 3.
    learning_rate : float
        Shrinkage of each tree.
    min_child_weight, reg_lambda : float
        Least hessian in a leaf, and ridge on the leaves.
    subsample, colsample : float
        Share of rows and columns per tree.
    max_bin : int
        Bins of the histograms.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_depth: int = Field(default=3, ge=1, le=3)
    learning_rate: float = Field(default=0.08, gt=0, le=1)
    min_child_weight: float = Field(default=5, gt=0)
    reg_lambda: float = Field(default=5, ge=0)
    subsample: float = Field(default=0.8, gt=0, le=1)
    colsample: float = Field(default=0.5, gt=0, le=1)
    max_bin: int = Field(default=64, ge=2)


class TrainingSettings(BaseModel):
    """Settings of the whole procedure; ``configs/training.yaml`` explains each.

    Parameters
    ----------
    inner_folds : int
        Folds within a fit.
    copies : int
        Blanked copies of each participant.
    max_blank : float
        Largest share of inputs blanked in a copy.
    penalties : tuple of float
        Values of C of the ridge.
    min_observed, min_class, warn_class : int
        Least known values of a predictor; class sizes refused and warned about.
    trees : TreeSettings
        Boosted trees.
    rounds : tuple of int
        Numbers of trees to choose from, ascending.
    outer_folds, outer_repeats : int
        Cross-validation of the whole procedure.
    internal_external : bool
        Whether each site is left out in turn.
    most_sites : int
        Most groups the sites are dealt out to for that.
    temporal_share : float
        Share of the participants, the last by date, that a model of the earlier ones is judged on;
        0 for no temporal validation.
    temporal_from : datetime.date, optional
        First day of the later period; given, it overrides the share.
    truncate : float
        Quantile at which outcome weights are cut.
    imputations : int
        Imputations of a comparison of single with multiple imputation; 0 for none.
    simplify : bool
        Whether splines and trees are left out below Riley's sample size; false is for studies of
        the procedure itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    inner_folds: int = Field(default=5, ge=2)
    copies: int = Field(default=3, ge=0)
    max_blank: float = Field(default=0.7, ge=0, lt=1)
    penalties: tuple[float, ...] = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1.0)
    min_observed: int = Field(default=10, ge=1)
    min_class: int = Field(default=10, ge=2)
    warn_class: int = Field(default=100, ge=2)
    trees: TreeSettings = TreeSettings()
    rounds: tuple[int, ...] = (10, 20, 30, 45, 60, 80, 100, 130, 160, 200)
    outer_folds: int = Field(default=10, ge=2)
    outer_repeats: int = Field(default=1, ge=1)
    internal_external: bool = True
    most_sites: int = Field(default=20, ge=2)
    temporal_share: float = Field(default=0.3, ge=0, lt=1)
    temporal_from: dt.date | None = None
    truncate: float = Field(default=0.99, gt=0.5, le=1)
    imputations: int = Field(default=0, ge=0)
    simplify: bool = True

    @field_validator("imputations")
    @classmethod
    def _some_or_none(cls, value: int) -> int:
        if value == 1:
            raise ValueError("one imputation cannot be pooled: 0 for none, or 2 and more")
        return value

    @property
    def temporal(self) -> bool:
        """Whether a later period is judged by a model of the earlier one."""
        return self.temporal_share > 0 or self.temporal_from is not None

    @field_validator("penalties", "rounds")
    @classmethod
    def _ascending(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if not values or any(v <= 0 for v in values) or list(values) != sorted(set(values)):
            raise ValueError("must be positive and ascending, without repeats")
        return values


def load_settings(name: str | Path = "training", **changes: Any) -> TrainingSettings:
    """Read the settings of training.

    Parameters
    ----------
    name : str or pathlib.Path
        Configuration name or path.
    **changes
        Values that replace those of the file.

    Returns
    -------
    TrainingSettings
        The settings.
    """
    try:
        return TrainingSettings.model_validate({**load_config(name), **changes})
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{name}: {lines}") from error
