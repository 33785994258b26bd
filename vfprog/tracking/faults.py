"""Find what a tracking store would reject, cut short or overwrite, before anything is sent."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from vfprog.records import Artifact, Figure, Metric, Param, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vfprog.records import RunRecords

LONGEST_TAG = 5000
LONGEST_NAME = 250

_METRIC_OR_PARAM = re.compile(r"\w[\w.\-: ]*(/\w[\w.\-: ]*)*")
_FILE_STEM = re.compile(r"\w[\w.\-]*(/\w[\w.\-]*)*")


def check_records(run: RunRecords) -> None:
    """Refuse records that could not be kept as they are; returns nothing if all is well.

    Parameters
    ----------
    run : RunRecords
        The run with its nested runs.

    Raises
    ------
    ValueError
        Lists every fault of every run: an undefined metric, a name that stands twice or holds a
        character the store rejects, a tag that would be cut short, a file that is not there.
    """
    faults = list(_faults(run))
    if faults:
        raise ValueError("nothing was sent to the tracking store:\n" + "\n".join(faults))


def _faults(run: RunRecords) -> Iterator[str]:
    for fault in (*_tag_faults(run), *_record_faults(run), *_repeated(run)):
        yield f"run {run.name!r}: {fault}"
    for child in run.children:
        yield from _faults(child)


def _tag_faults(run: RunRecords) -> Iterator[str]:
    for name, value in run.tags.items():
        if len(value) > LONGEST_TAG:
            yield (
                f"tag {name!r} has {len(value)} characters, the store keeps {LONGEST_TAG}: "
                "send it as a file"
            )


def _record_faults(run: RunRecords) -> Iterator[str]:
    for record in run.records:
        if isinstance(record, Artifact):
            if not record.path.exists():
                yield f"artifact {record.path} does not exist"
            continue
        pattern = _FILE_STEM if isinstance(record, Table | Figure) else _METRIC_OR_PARAM
        if not pattern.fullmatch(record.name) or len(record.name) > LONGEST_NAME:
            kind = type(record).__name__.lower()
            yield (
                f"{kind} name {record.name!r:.80} is not allowed: letters, digits and ._-/ only, "
                f"at most {LONGEST_NAME} of them"
            )
        if isinstance(record, Metric):
            yield from _undefined(record)


def _undefined(metric: Metric) -> Iterator[str]:
    parts = {"estimate": metric.estimate, "lower": metric.lower, "upper": metric.upper}
    for part, value in parts.items():
        if value is not None and not math.isfinite(value):
            yield (
                f"metric {metric.name!r} has {part} {value}: leave an undefined metric out and "
                "put the reason in a table"
            )


def _repeated(run: RunRecords) -> Iterator[str]:
    """Find names that would overwrite each other; a limit counts as a metric of its own."""
    for kind in (Param, Metric, Table, Figure):
        records = [record for record in run.records if isinstance(record, kind)]
        names = [name for record in records for name in stored_names(record)]
        for name, count in Counter(names).items():
            if count > 1:
                yield f"{kind.__name__.lower()} {name!r} stands {count} times"


def stored_names(record: Param | Metric | Table | Figure) -> list[str]:
    """Return the names under which a record is stored.

    Parameters
    ----------
    record : Param, Metric, Table or Figure
        The record.

    Returns
    -------
    list of str
        Its name; for a metric also ``name.lower`` and ``name.upper`` where it has limits.
    """
    if not isinstance(record, Metric):
        return [record.name]
    limits = {"lower": record.lower, "upper": record.upper}
    return [
        record.name,
        *(f"{record.name}.{limit}" for limit, value in limits.items() if value is not None),
    ]
