"""What the figures of a page are drawn from: paths, shares and cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.reports.words import short

if TYPE_CHECKING:
    import pandas as pd

    from vfprog.data.profile import Profile
    from vfprog.features.arrays import IntArray

# Size of a small histogram, in the units of its own coordinates.
WIDTH, HEIGHT = 120, 34
MAX_COLUMNS = 300
_LEVELS_SHOWN = 6
_PATTERN_COLUMNS = 30
_GROUPS_SHOWN = 10
_SHARES_SHOWN = 25
_GAP = 0.5


def profile_rows(profile: Profile) -> tuple[dict[str, list[dict[str, Any]]], int]:
    """Return the profile as rows with a small histogram each, and how many there is no room for.

    Parameters
    ----------
    profile : Profile
        The registry column by column.

    Returns
    -------
    rows : dict of str to list of dict
        For each table one row per column: what ``profile.columns`` says, and ``path``, ``spoken``
        and ``ends`` of a histogram, or ``bars`` (label, count, share) of levels.
    left : int
        Columns beyond `MAX_COLUMNS`.
    """
    spread = dict(iter(profile.histograms.groupby(["table", "column"])))
    rows: dict[str, list[dict[str, Any]]] = {}
    for record in profile.columns.head(MAX_COLUMNS).to_dict("records"):
        line = {str(name): value for name, value in record.items()}
        part = spread.get((line["table"], line["column"]))
        rows.setdefault(line["table"], []).append(line | _chart(part, line))
    return rows, max(0, len(profile.columns) - MAX_COLUMNS)


def histogram_path(counts: IntArray) -> str:
    """Return the outline of a histogram's bars as the path of an SVG of `WIDTH` and `HEIGHT`.

    Parameters
    ----------
    counts : ndarray of int
        Count of each bin, not all 0.

    Returns
    -------
    str
        One closed rectangle per bin that is not empty; the smallest can still be seen.

    Examples
    --------
    >>> histogram_path(np.array([1, 0, 2]))
    'M0.5 34V17H39.5V34ZM80.5 34V0H119.5V34Z'
    """
    width = WIDTH / len(counts)
    gap = _GAP if width > 3 * _GAP else 0.0
    tops = HEIGHT - np.maximum(HEIGHT * counts / counts.max(), 1.0)
    return "".join(
        f"M{place * width + gap:.4g} {HEIGHT}V{top:.4g}H{(place + 1) * width - gap:.4g}V{HEIGHT}Z"
        for place, (number, top) in enumerate(zip(counts, tops, strict=True))
        if number
    )


def flow_rows(flow: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the steps of a participant flow with the share of all who are left at each.

    Parameters
    ----------
    flow : pandas.DataFrame
        Columns step, n, excluded, reason.

    Returns
    -------
    list of dict
        step, n, excluded, reason, share.
    """
    first = max(int(flow["n"].iloc[0]), 1) if len(flow) else 1
    return [
        {"step": str(step), "n": int(n), "excluded": int(lost), "reason": str(why or ""),
         "share": int(n) / first}
        for step, n, lost, why in flow[["step", "n", "excluded", "reason"]].to_numpy().tolist()
    ]  # fmt: skip


def pattern_figure(patterns: pd.DataFrame) -> dict[str, Any]:
    """Return which columns are blank together as cells: columns across, patterns down.

    Parameters
    ----------
    patterns : pandas.DataFrame
        What `missing_patterns` returned.

    Returns
    -------
    dict
        ``columns`` (names, those blank most often), ``left`` (columns there is no room for), and
        ``rows`` with n, share, and ``blank`` for each column.
    """
    sizes = patterns.groupby("pattern")[["n", "share"]].first()
    weight = patterns["share"].where(patterns["missing"], 0.0).groupby(patterns["column"]).sum()
    wanted = set(weight.sort_values(ascending=False, kind="stable").index[:_PATTERN_COLUMNS])
    names = [name for name in patterns["column"].unique() if name in wanted]
    blanks = patterns[patterns["column"].isin(wanted)].groupby("pattern")["missing"].apply(list)
    return {
        "columns": names,
        "left": len(weight) - len(names),
        "rows": [
            {"n": int(n), "share": float(share), "blank": blank}
            for n, share, blank in zip(sizes["n"], sizes["share"], blanks, strict=True)
        ],
        "most": float(sizes["share"].max()),
        "covered": float(sizes["share"].sum()),
    }


def shares_table(shares: pd.DataFrame) -> dict[str, Any]:
    """Return the share missing by group, the columns that differ most first.

    Parameters
    ----------
    shares : pandas.DataFrame
        What `missing_by` returned.

    Returns
    -------
    dict
        ``groups`` (name and size of the largest), ``left`` (groups there is no room for) and
        ``rows`` with column and shares.
    """
    sizes = shares.groupby("group", sort=False)["n"].first()
    names = list(sizes.index[:_GROUPS_SHOWN])
    cells = shares[shares["group"].isin(names)].groupby("column", sort=False)["missing_share"]
    spread = (cells.max() - cells.min()).sort_values(ascending=False, kind="stable")
    by_column = cells.apply(list)
    return {
        "groups": [{"name": _group_name(name), "n": int(sizes[name])} for name in names],
        "left": len(sizes) - len(names),
        "rows": [
            {"column": name, "shares": by_column[name]} for name in spread.index[:_SHARES_SHOWN]
        ],
    }


def _chart(part: pd.DataFrame | None, line: dict[str, Any]) -> dict[str, Any]:
    nothing: dict[str, Any] = {"path": "", "spoken": "", "ends": (), "bars": [], "bars_left": 0}
    if part is None:
        return nothing
    counts = part["count"].to_numpy(dtype=np.int64)
    labels = part["label"].tolist()
    of_levels = bool(part["lower"].isna().any())
    if of_levels and (line["kind"] != "ordinal" or len(labels) <= _LEVELS_SHOWN):
        bars = [
            {"label": label, "count": int(number), "share": int(number) / int(line["n"])}
            for label, number in zip(labels[:_LEVELS_SHOWN], counts, strict=False)
        ]
        left = max(0, int(line["distinct"]) - len(bars)) if len(labels) > len(bars) else 0
        return nothing | {"bars": bars, "bars_left": left}
    most = labels[int(counts.argmax())]
    what = "levels" if of_levels else "bins"
    spoken = f"histogram, {len(counts)} {what}; the fullest is {most} with {counts.max()}"
    ends = (short(line["min"]), short(line["max"])) if line["min"] == line["min"] else ()
    ends = (line["first"], line["last"]) if line["kind"] == "date" else ends
    ends = (labels[0], labels[-1]) if of_levels else ends
    return nothing | {"path": histogram_path(counts), "spoken": spoken, "ends": ends}


def _group_name(name: object) -> str:
    if isinstance(name, float):
        return "event" if name == 1 else "no event"
    return str(name)
