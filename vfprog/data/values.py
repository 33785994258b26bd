"""Translate the values of one foreign column: missing codes, recodes, decimal commas, units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.checks import MAX_FAILURES
from vfprog.data.column_spec import ColumnSpec, Linear, word
from vfprog.data.notation import in_our_notation
from vfprog.data.words import as_words
from vfprog.errors import ConfigError, Failure
from vfprog.schema.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vfprog.data.mapping import Mapping
    from vfprog.schema.dictionary import Dictionary

# (our unit, their unit): factor. Vitamin D: 1 ng/ml of 25-OH vitamin D is 2.496 nmol/l.
_FACTORS = {
    ("days", "hours"): 1 / 24,
    ("days", "weeks"): 7.0,
    ("days", "months"): 365.25 / 12,
    ("days", "years"): 365.25,
    ("years", "months"): 1 / 12,
    ("years", "days"): 1 / 365.25,
    ("mm", "cm"): 10.0,
    ("mm", "m"): 1000.0,
    ("cm", "mm"): 0.1,
    ("cm", "m"): 100.0,
    ("cm", "inches"): 2.54,
    ("kg", "g"): 0.001,
    ("kg", "lb"): 0.45359237,
    ("%", "percent_0_1"): 100.0,
    ("vas_0_10", "vas_0_100"): 0.1,
    ("nmol/l", "ng/ml"): 2.496,
    ("ml", "cm3"): 1.0,
}
# Stands before a word nobody declared, lest it pass for one of ours by accident.
UNDECLARED = "undeclared: "
_UNITS = {"day": "days", "height_loss_pct": "%", "rmdq": "points"}


@dataclass(frozen=True)
class Target:
    """The column of ours a source column is translated for.

    Parameters
    ----------
    table, name : str
        Where it stands.
    type : str
        Type of a structural column; ``number`` or ``level`` for a predictor.
    unit : str, optional
        Our unit.
    """

    table: str
    name: str
    type: str
    unit: str | None = None


def find_target(table: str, name: str, dictionary: Dictionary) -> Target | None:
    """Return what a column of ours is, None where there is no such column.

    Parameters
    ----------
    table, name : str
        Where it would stand.
    dictionary : Dictionary
        The predictors of the registry.

    Returns
    -------
    Target or None
        Its type and unit.
    """
    for column in REGISTRY[table]:
        if column.name == name:
            unit = "days" if column.type == "day" else _UNITS.get(name)
            return Target(table, name, column.type, _vas_unit(name, unit))
    if name in dictionary and dictionary[name].table == table:
        predictor = dictionary[name]
        kind = "number" if predictor.is_numeric else "level"
        return Target(table, name, kind, _vas_unit(name, predictor.unit))
    return None


def _vas_unit(name: str, unit: str | None) -> str | None:
    return "vas_0_10" if name.startswith("vas") else unit


def translate_column(
    spec: ColumnSpec, source: pd.DataFrame, target: Target, mapping: Mapping
) -> tuple[pd.Series[Any], list[Failure]]:
    """Translate one column.

    Parameters
    ----------
    spec : ColumnSpec
        Where it comes from and how.
    source : pandas.DataFrame
        The source table; holds ``spec.column``.
    target : Target
        What it becomes.
    mapping : Mapping
        For missing codes, decimal comma and date format of the whole source.

    Returns
    -------
    values : pandas.Series
        Values in our words and units, not yet checked; a word that the recode does not declare
        is marked, for the checks to refuse row by row.
    failures : list of Failure
        How numbers and dates were read where nobody said; undeclared words of an identifier,
        which no check would refuse.
    """
    if spec.column is None:
        return pd.Series(word(spec.constant), index=source.index, dtype="str"), []
    keep_numbers = target.type == "id"
    codes = {*spec.missing, *(c for c in mapping.missing if not (keep_numbers and _is_number(c)))}
    values = blank_codes(source[spec.column], codes)
    odd: pd.Series[Any] | None = None
    if spec.recode:
        values, odd = recode(values, {k: word(v) for k, v in spec.recode.items()})
    comma = mapping.decimal_comma if spec.decimal_comma is None else spec.decimal_comma
    form = spec.date_format or mapping.date_format
    values, failures = in_our_notation(values, target, decimal_comma=comma, date_format=form)
    if spec.unit is not None:
        values = _in_our_unit(values, _arithmetic(spec.unit, target))
    if odd is None or odd.empty:
        return values, failures
    if target.type == "id":
        failures += undeclared(odd, odd.index.tolist(), tuple(spec.recode), target)
    return _marked(values, odd), failures


def blank_codes(series: pd.Series[Any], codes: Iterable[str]) -> pd.Series[Any]:
    """Return a column in which missing codes are missing.

    Parameters
    ----------
    series : pandas.Series
        Raw values.
    codes : iterable of str
        Codes; one that is a number also matches the same number written otherwise (-9, -9.0).

    Returns
    -------
    pandas.Series
        Same values elsewhere.
    """
    known = set(codes)
    if not known:
        return series
    words = as_words(series)
    hit = words.isin(known)
    numbers = [float(code) for code in known if _is_number(code)]
    if numbers:
        hit |= pd.to_numeric(words, errors="coerce").isin(numbers)
    return series.mask(hit)


def recode(series: pd.Series[Any], words: dict[str, str]) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Replace their words by ours.

    Parameters
    ----------
    series : pandas.Series
        Their values.
    words : dict of str to str
        Their words and ours.

    Returns
    -------
    values : pandas.Series
        Our words; missing where a word is not declared.
    odd : pandas.Series
        Their words that are not declared, in the rows that have one.
    """
    theirs = as_words(series)
    return theirs.map(words).astype("str"), theirs[theirs.notna() & ~theirs.isin(words)]


def undeclared(
    odd: pd.Series[Any], labels: Sequence[str | int], declared: Iterable[str], target: Target
) -> list[Failure]:
    """Return one failure for each row with a word nobody declared.

    Parameters
    ----------
    odd : pandas.Series
        The words; the index holds the lines.
    labels : sequence of (str or int)
        What to call the rows.
    declared : iterable of str
        Words that are declared.
    target : Target
        Named in the failures.

    Returns
    -------
    list of Failure
        At most `MAX_FAILURES`, and their number where there are more.
    """
    known = tuple(declared)
    rows = zip(odd[:MAX_FAILURES], labels, odd.index.tolist(), strict=False)
    failures = [
        Failure(target.table, label, target.name, theirs, "level",
                undeclared_text(theirs, known), line=line)
        for theirs, label, line in rows
    ]  # fmt: skip
    if len(odd) > MAX_FAILURES:
        text = f"{len(odd)} rows break the rule level; the first {MAX_FAILURES} are listed"
        failures.append(Failure(target.table, None, target.name, len(odd), "level", text))
    return failures


def undeclared_text(theirs: str, declared: Iterable[str]) -> str:
    """Return the sentence that refuses a word nobody declared, and names those declared."""
    return f"{theirs!r:.60} is not declared (declared: {', '.join(map(repr, declared))})"


def _marked(values: pd.Series[Any], odd: pd.Series[Any]) -> pd.Series[Any]:
    """Put undeclared words in their rows, so marked that no check takes them for ours."""
    marked = values.astype(object)
    marked.loc[odd.index] = UNDECLARED + odd.astype(object)
    return marked.astype("str") if isinstance(values.dtype, pd.StringDtype) else marked


def _is_number(code: str) -> bool:
    try:
        return bool(np.isfinite(float(code)))
    except ValueError:
        return False


def _arithmetic(unit: str | Linear, target: Target) -> Linear:
    if isinstance(unit, Linear):
        return unit
    if unit == target.unit:
        return Linear()
    factor = _FACTORS.get((target.unit or "", unit))
    if factor is None:
        known = [theirs for ours, theirs in _FACTORS if ours == target.unit]
        raise ConfigError(
            f"{target.table}.{target.name}: no way from {unit!r} to {target.unit!r}; known: "
            f"{', '.join(known) or 'none'}; or give multiply and add"
        )
    return Linear(multiply=factor)


def _in_our_unit(series: pd.Series[Any], arithmetic: Linear) -> pd.Series[Any]:
    """Convert what is a number; what is not is left for the checks to refuse."""
    numbers = pd.to_numeric(series, errors="coerce") * arithmetic.multiply + arithmetic.add
    lost = numbers.isna() & series.notna()
    if not lost.any():
        return numbers
    return numbers.astype(object).where(~lost, series.astype(object))
