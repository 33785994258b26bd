"""Keys of two tables that are the same but for how they are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vfprog.data.screening.owners import owners
from vfprog.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from vfprog.data.screening.context import Screened

_ZEROS, _POINT = re.compile(r"(^|\D)0+(?=\d)"), re.compile(r"(?<=\d)[.,]0+$")
_DROPPED = str.maketrans("", "", " \t\u00a0'\"-_/.:")
_MENDED = 0.5
_MOST_ROWS = 999


def _zeros(keys: pd.Series[Any]) -> pd.Series[Any]:
    return keys.str.replace(r"(^|\D)0+(?=\d)", r"\1", regex=True)


def _case(keys: pd.Series[Any]) -> pd.Series[Any]:
    return keys.str.lower()


def _blanks(keys: pd.Series[Any]) -> pd.Series[Any]:
    return keys.str.replace(r"[\s'\"]+", "", regex=True)


def _point_zero(keys: pd.Series[Any]) -> pd.Series[Any]:
    return keys.str.replace(r"(\d)[.,]0+$", r"\1", regex=True)


def _signs(keys: pd.Series[Any]) -> pd.Series[Any]:
    return keys.str.replace(r"[-_/.:]+", "", regex=True)


def _prefix(keys: pd.Series[Any]) -> pd.Series[Any]:
    return keys.str.replace(r"^\D+(?=\d)", "", regex=True)


def _all_but_prefix(keys: pd.Series[Any]) -> pd.Series[Any]:
    return _zeros(_signs(_point_zero(_blanks(_case(keys)))))


def _everything(keys: pd.Series[Any]) -> pd.Series[Any]:
    return _zeros(_prefix(_all_but_prefix(keys)))


# What keys may differ in, simplest first.
_CHANGES: dict[str, Callable[[pd.Series[Any]], pd.Series[Any]]] = {
    "leading zeros": _zeros,
    "upper and lower case": _case,
    "blanks or quotes": _blanks,
    "a trailing .0": _point_zero,
    "signs such as - and _": _signs,
    "a prefix": _prefix,
    "case, blanks, zeros and signs": _all_but_prefix,
    "a prefix and how the number is written": _everything,
}


def check_key_formats(screened: Screened) -> list[Failure]:
    """Find keys that would meet if they were written alike.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        Rule ``key_format``: for each table whose keys without an episode would mostly find one
        after a simple change, with the number of such rows as value; and for each row of episodes
        whose key differs from another's only in case, blanks, zeros or signs.
    """
    episodes = screened.typed["episodes"]["episode_id"].astype("str")
    known = episodes.dropna()
    failures = _alike(screened, episodes)
    for table in screened.raw:
        if table not in screened.typed or table == "episodes":
            continue
        keys = screened.typed[table]["episode_id"].astype("str")
        broken = keys[owners(screened, table) < 0].dropna()
        if len(broken):
            failures += _mended(table, len(keys), broken, known.drop_duplicates())
    return failures


def _mended(table: str, n: int, broken: pd.Series[Any], known: pd.Series[Any]) -> list[Failure]:
    distinct = broken.drop_duplicates()
    best, most = "", 0.0
    targets: dict[str, str] = {}
    for words, change in _CHANGES.items():
        ours = change(known)
        # A change that makes two episodes one mends nothing.
        plain = pd.Series(known.to_numpy(), index=ours.to_numpy())[
            ~ours.duplicated(keep=False).to_numpy()
        ]
        plain = plain[plain.index != ""]
        found = change(distinct).map(plain).dropna()
        mended = float(broken.isin(distinct[found.index]).sum())
        if mended > most * 1.05:
            best, most = words, mended
            targets = {distinct[found.index[0]]: str(found.iloc[0])}
    if most < _MENDED * len(broken):
        return []
    theirs, own = next(iter(targets.items()))
    text = (
        f"{len(broken)} of {n} rows name no episode as written, but {int(most)} of them would "
        f"but for {best}: {theirs!r:.40} here, {own!r:.40} in episodes; write the keys alike"
    )
    return [Failure(table, None, "episode_id", len(broken), "key_format", text, "warning")]


def _loose(key: str) -> str:
    return _ZEROS.sub(r"\1", _POINT.sub("", key.lower()).translate(_DROPPED))


def _alike(screened: Screened, keys: pd.Series[Any]) -> list[Failure]:
    """Find episodes whose keys differ only in how they are written."""
    lengths = keys.str.len().dropna()
    if (lengths == lengths.max()).all() and not keys.str.lower().duplicated().any():
        return []  # keys of one length, such as E000001, differ in more than zeros
    plain = keys.map(_loose, na_action="ignore")
    twice = plain.notna() & plain.duplicated(keep=False) & ~keys.duplicated(keep=False)
    places = np.flatnonzero(twice.to_numpy())
    rows = screened.rows("episodes")
    failures = []
    for place in places[:_MOST_ROWS]:
        text = (
            "the key differs from that of another episode only in case, blanks, zeros or signs; "
            "keep one row, or give each episode its own name"
        )
        value = keys.iloc[place]
        failure = Failure("episodes", None, "episode_id", value, "key_format", text, "warning")
        failures.append(rows.place(failure, int(place)))
    if len(places) > _MOST_ROWS:
        text = f"{len(places)} keys differ from another only in how they are written"
        count = len(places)
        failures.append(
            Failure("episodes", None, "episode_id", count, "key_format", text, "warning")
        )
    return failures
