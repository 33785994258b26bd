"""How numbers and dates are written: decimal commas and forms of dates, seen column by column.

What is seen is said; what cannot be told apart is refused, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.data.words import as_words
from vfprog.errors import Failure, Severity

if TYPE_CHECKING:
    from vfprog.data.values import Target

_NUMBER_WITH_COMMA = r"[+-]?\d*,\d+"
# 1,234 may be a thousand and some or one and a bit; 0,123 and 1234,567 cannot be thousands.
_THOUSANDS = r"[+-]?[1-9]\d{0,2},\d{3}"
_WHOLE = r"[+-]?\d+"
_WITH_POINT = r"\d\.|\.\d"
_TIME = r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?(?:Z| ?[+-]\d{2}:?\d{2})?$"
_MIDNIGHT = r"[T ]0?0:00(?::00(?:\.0+)?)?$"
_ISO = "%Y-%m-%d"
DATE_FORMATS = (
    _ISO, "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%Y%m%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d",
    "%d-%b-%Y", "%d %b %Y", "%d%b%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%d-%b-%y",
)  # fmt: skip
_FIRST_VERTEBROPLASTY = pd.Timestamp("1984-01-01")
# A form that fits fewer of the values than this is not what the column is written in.
_MOSTLY = 0.8
# Where fewer have a decimal comma, a point among them is no slip of the pen.
_NEARLY_ALL = 0.9
# Stands after a number with a point in a column of decimal commas, lest it be read as it is.
AMONG_COMMAS = " among decimal commas"


@dataclass(frozen=True)
class Told:
    """What is said of a column.

    Parameters
    ----------
    rule : str
        ``read_as`` or ``ambiguous_date``.
    value : str
        What was seen: a decimal comma, a form of dates.
    message : str
        The same in a sentence.
    """

    rule: str
    value: str
    message: str


def in_our_notation(
    values: pd.Series[Any],
    target: Target,
    *,
    decimal_comma: bool | None = None,
    date_format: str | None = None,
) -> tuple[pd.Series[Any], list[Failure]]:
    """Write the numbers or dates of a column as we do.

    Parameters
    ----------
    values : pandas.Series
        Raw values; typed ones are left as they are.
    target : Target
        What the column becomes.
    decimal_comma : bool, optional
        Whether 7,5 means 7.5; default as it looks.
    date_format : str, optional
        Form of the dates; default as it looks.

    Returns
    -------
    values : pandas.Series
        Numbers with a decimal point, dates such as 2024-03-31; anything else as it was.
    failures : list of Failure
        A note that says how the column was read; an error where its dates are ambiguous.
    """
    told: Told | None = None
    if target.type in {"number", "day"}:
        values, told = plain_numbers(values, decimal_comma)
    elif target.type == "date":
        values, told = iso_dates(values, date_format)
    if told is None:
        return values, []
    severity: Severity = "note" if told.rule == "read_as" else "error"
    failure = Failure(
        target.table, None, target.name, told.value, told.rule, told.message, severity
    )  # fmt: skip
    return values, [failure]


def plain_numbers(
    series: pd.Series[Any], decimal_comma: bool | None = None
) -> tuple[pd.Series[Any], Told | None]:
    """Write 7,5 as 7.5 where a comma is the decimal sign of a column.

    It is where every value with a comma is digits, a comma and digits, no value has a decimal
    point, and not all could be thousands (1,234). Where at least nine in ten are of that kind,
    the others are marked, for the checks to refuse.

    Parameters
    ----------
    series : pandas.Series
        Raw values.
    decimal_comma : bool, optional
        Whether 7,5 means 7.5; default as it looks.

    Returns
    -------
    values : pandas.Series
        The same values, or words with a point.
    told : Told or None
        What was seen; None where nothing had to be.
    """
    if decimal_comma is False or not _holds_words(series):
        return series, None
    words = series if isinstance(series.dtype, pd.StringDtype) else as_words(series)
    with_comma = words.str.contains(",", regex=False, na=False)
    if not with_comma.any():
        return series, None
    if decimal_comma:
        clear = with_comma & ~words.str.contains(".", regex=False, na=False)
        return words.mask(clear, words.str.replace(",", ".", regex=False)), None
    commas = words[with_comma].str.strip()
    n = int(with_comma.sum())
    if not commas.str.fullmatch(_NUMBER_WITH_COMMA).all() or _with_point(words).any():
        return _mostly_commas(words) or (series, None)
    if commas.str.fullmatch(_THOUSANDS).all():
        text = f"{n} values such as 1,234 may have a decimal comma or not: set decimal_comma"
        return series, Told("read_as", "?", text)
    text = f"the comma was read as the decimal sign of {n} values"
    return words.mask(with_comma, words.str.replace(",", ".", regex=False)), Told(
        "read_as", ",", text
    )


def iso_dates(
    series: pd.Series[Any], date_format: str | None = None
) -> tuple[pd.Series[Any], Told | None]:
    """Write dates as 2024-03-31.

    Of the forms in `DATE_FORMATS` the one that fits all values is taken. Where two fit and
    differ, the dates are missing and an error says so. Where none fits all, the one that fits
    most is taken, if that is clear, and the other values are left for the checks to refuse.

    Parameters
    ----------
    series : pandas.Series
        Raw values.
    date_format : str, optional
        Form of the dates; default as it looks.

    Returns
    -------
    values : pandas.Series
        Dates as words; a time of day is left out.
    told : Told or None
        What was seen; None where the dates are such words already.
    """
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_localize(None)
    if pd.api.types.is_datetime64_any_dtype(series):
        return _without_time(series)
    words = as_words(series)
    if date_format is not None:
        return _formatted(words, date_format), None
    days = words.str.replace(_MIDNIGHT, "", regex=True)
    n_times = int(days.str.contains(_TIME, regex=True, na=False).sum())
    days = days.str.replace(_TIME, "", regex=True)
    told = _time_told(n_times) if n_times else None
    distinct = pd.Series(days.dropna().unique(), dtype="str")
    forms, is_clear = _fitting_forms(distinct)
    if forms[:1] == [_ISO] or not forms:
        return (days, told) if forms else (series, None)
    if not is_clear:
        names = " or ".join(forms)
        text = f"the dates may be written {names}, which gives other days: set date_format"
        return pd.Series(None, index=series.index, dtype="str"), Told("ambiguous_date", names, text)
    text = f"the dates were read as {forms[0]}" + (f"; {told.message}" if told else "")
    return _formatted(days, forms[0]), Told("read_as", forms[0], text)


def _holds_words(series: pd.Series[Any]) -> bool:
    if isinstance(series.dtype, pd.StringDtype):
        return True
    if isinstance(series.dtype, pd.CategoricalDtype):
        return _holds_words(series.cat.categories.to_series())
    return series.dtype == object and bool(series.map(lambda value: isinstance(value, str)).any())


def _with_point(words: pd.Series[Any]) -> pd.Series[Any]:
    return words.str.contains(_WITH_POINT, regex=True, na=False)


def _mostly_commas(words: pd.Series[Any]) -> tuple[pd.Series[Any], Told] | None:
    """Read decimal commas among which a few values are written otherwise."""
    bare = words.str.strip()
    clear = bare.str.fullmatch(_NUMBER_WITH_COMMA, na=False)
    telling = bare.str.contains(r"\d", regex=True, na=False)
    telling &= ~bare.str.fullmatch(_WHOLE, na=False)
    if clear.sum() < _NEARLY_ALL * telling.sum() or bare[clear].str.fullmatch(_THOUSANDS).all():
        return None
    read = words.mask(clear, words.str.replace(",", ".", regex=False))
    read = read.mask(_with_point(words), bare + AMONG_COMMAS)
    text = (
        f"the comma was read as the decimal sign of {int(clear.sum())} values; "
        f"{int((telling & ~clear).sum())} are written otherwise"
    )
    return read, Told("read_as", ",", text)


def _without_time(series: pd.Series[Any]) -> tuple[pd.Series[Any], Told | None]:
    n_times = int((series.notna() & (series != series.dt.normalize())).sum())
    if not n_times:
        return series, None
    return series.dt.normalize(), _time_told(n_times)


def _time_told(n_times: int) -> Told:
    return Told("read_as", "date", f"the time of day of {n_times} dates was left out")


def _fitting_forms(distinct: pd.Series[Any]) -> tuple[list[str], bool]:
    """Return the forms that fit best, and whether they all give the same days."""
    if distinct.empty:
        return [_ISO], True
    today = pd.Timestamp.today()
    parsed = {form: _parse(distinct, form) for form in DATE_FORMATS}
    # 28/03/19 is no day of 2028: forms that put dates where none can be fit less well.
    parsed = {
        form: days.where(days.between(_FIRST_VERTEBROPLASTY, today))
        for form, days in parsed.items()
    }
    shares = {form: float(days.notna().mean()) for form, days in parsed.items()}
    best = max(shares.values())
    if best < _MOSTLY and shares[_ISO] < best:
        return [], True
    # Where none fits every value, a single typing error must not decide between two forms.
    near = best if best == 1 else best * _MOSTLY
    forms = [form for form in DATE_FORMATS if shares[form] >= near and shares[form] > 0]
    if shares[_ISO] in (1.0, best):
        return [_ISO], True
    first = parsed[forms[0]]
    agree = all(bool(((first == parsed[f]) | first.isna()).all()) for f in forms[1:])
    return sorted(forms, key=lambda form: -shares[form]), agree


def _parse(words: pd.Series[Any], form: str) -> pd.Series[Any]:
    return pd.to_datetime(words, format=form, errors="coerce")


def _formatted(words: pd.Series[Any], form: str) -> pd.Series[Any]:
    """Write dates in ISO; one that does not follow the form is left as it is."""
    distinct = pd.Series(words.dropna().unique(), dtype="str")
    days = _parse(distinct, form).dt.strftime(_ISO).astype("str")
    # A date that is ISO by accident would pass the checks unread, so it is marked.
    told = days.fillna(distinct.str.replace("-", " - ", regex=False))
    return words.map(dict(zip(distinct, told, strict=True)), na_action="ignore").astype("str")
