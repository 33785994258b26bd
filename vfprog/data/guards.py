"""What a mapping must never do: let a predictor see the future, or know who the patient is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfprog.errors import Failure
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from vfprog.data.column_spec import ColumnSpec
    from vfprog.data.mapping import Mapping
    from vfprog.data.patterns import WideColumns
    from vfprog.schema.dictionary import Dictionary


def check_leakage(mapping: Mapping, dictionary: Dictionary, wide: WideColumns) -> list[Failure]:
    """Find predictors that read what no predictor may read.

    Parameters
    ----------
    mapping : Mapping
        The mapping.
    dictionary : Dictionary
        The dictionary, with the registry's own predictors.
    wide : WideColumns
        The columns of the source that hold follow-up, and those of vertebrae.

    Returns
    -------
    list of Failure
        Rule ``not_yet_known`` for what is measured after the index date, ``outcome`` for a coded
        outcome, ``identifier`` for what identifies a patient or a centre.
    """
    failures = [
        _refusal(extra.predictor.name, extra.column, "not_yet_known")
        for extra in mapping.extra_predictors
        if extra.predictor.known_at == "follow_up"
    ]
    forbidden = _forbidden_columns(mapping, wide)
    for name, spec in _predictor_columns(mapping, dictionary, wide):
        rule = forbidden.get(spec.column or "")
        if rule is not None:
            failures.append(_refusal(name, spec, rule))
    return failures


def known_names(table: str, dictionary: Dictionary, *, is_flat: bool) -> list[str]:
    """Return the names a mapping may give to columns of one table.

    Parameters
    ----------
    table : str
        Table of the source.
    dictionary : Dictionary
        The predictors of the registry.
    is_flat : bool
        Whether the vertebrae stand in the same table.

    Returns
    -------
    list of str
        Structural columns and predictors.
    """
    tables = ("episodes", "vertebrae") if is_flat else (table,)
    names = [column.name for t in tables for column in REGISTRY[t]]
    return names + [p.name for t in tables for p in dictionary.of_table(t)]


def _refusal(name: str, spec: ColumnSpec, rule: str) -> Failure:
    reasons = {
        "not_yet_known": "is measured after the index date",
        "outcome": "is an outcome",
        "identifier": "identifies a patient or a centre",
    }
    text = f"the column {spec.column!r} {reasons[rule]} and can be no predictor"
    return Failure("mapping", None, name, spec.column, rule, text)


def _predictor_columns(
    mapping: Mapping, dictionary: Dictionary, wide: WideColumns
) -> list[tuple[str, ColumnSpec]]:
    tables = [mapping.table(name) for name in ("episodes", "vertebrae")]
    named = [item for table in tables if table for item in table.columns.items()]
    extras = [
        (extra.predictor.name, extra.column)
        for extra in mapping.extra_predictors
        if extra.predictor.known_at != "follow_up"
    ]
    vertebrae = [(column.name, column.spec) for column in wide.of_table("vertebrae")]
    return [(name, spec) for name, spec in named if name in dictionary] + extras + vertebrae


def _forbidden_columns(mapping: Mapping, wide: WideColumns) -> dict[str, str]:
    """Return the rule that forbids each column to predictors."""
    episodes = mapping.table("episodes")
    keys = ("episode_id", "patient_id", "site_id", "index_date")
    specs = [episodes.columns[key] for key in keys if key in episodes.columns] if episodes else []
    identifiers = {*mapping.identifiers, *(spec.column for spec in specs if spec.column)}
    late = {*mapping.post_baseline, *wide.late}
    outcomes = {outcome.column for outcome in mapping.outcomes.values()}
    return {
        **dict.fromkeys(identifiers, "identifier"),
        **dict.fromkeys(late, "not_yet_known"),
        **dict.fromkeys(outcomes, "outcome"),
    }
