"""Which episodes are the same: equal throughout, or more alike than chance allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vfprog.features.arrays import BoolArray, FloatArray, IntArray

# Columns depend on each other: a bit of agreement counts for this much of one.
_TRUST = 0.6
# Bits above those that leave one chance partner for each row, or one chance pair in the file.
_MARGIN = 3.0
# A copy keeps nine of ten values; its share of equal columns is at least this.
_KEPT = 0.9
_LEAST_ALIKE = 0.6
_NEARLY_EQUAL = 0.9
_MANY_COPIES = 0.8
_KEYS = 48
_FEW_KEYS = 14
_FEW_ROWS = 20_000
_COMPLETE = 20
_MOST_ROWS = 250_000
_STRUCTURE = ("site_id", "index_date", "treatment", "follow_up_end_day")


@dataclass(frozen=True)
class Linkage:
    """Episodes that are the same.

    Parameters
    ----------
    twin : ndarray of int, shape (n,)
        Place of the first episode equal in all but the ids; its own where there is none.
    near : ndarray of int, shape (n,)
        Place of the first episode that is equal in nearly all columns and has no other date.
    distinct : int
        Number of different episodes among those compared, copies changed in some values or not.
    compared : int
        Number of episodes compared with each other: all, or a part chosen by a value, so that
        the copies of an episode stay together.
    shares_patient : bool
        Whether nearly all copies have the patient_id of the episode they repeat.
    """

    twin: IntArray
    near: IntArray
    distinct: int
    compared: int
    shares_patient: bool


@dataclass(frozen=True)
class _Coded:
    """Columns as whole numbers from 0, -1 where missing, and the bits each value tells.

    Of each column: ``cost``, the bits a different value takes away; ``told``, the bits a row has
    on average; ``known``, the share of rows with a value.
    """

    columns: list[IntArray]
    bits: list[FloatArray]
    cost: FloatArray
    told: FloatArray
    known: FloatArray
    patient: IntArray
    date: IntArray

    def take(self, rows: IntArray) -> _Coded:
        if len(rows) == len(self.patient):
            return self
        columns = [column[rows] for column in self.columns]
        return replace(self, columns=columns, patient=self.patient[rows], date=self.date[rows])


def link(episodes: pd.DataFrame, predictors: list[str]) -> Linkage:
    """Find the episodes that are the same.

    Two episodes are compared column by column as in record linkage (Fellegi and Sunter, JASA
    1969): an equal value counts for the bits by which it is rare, a different one against it.
    They count as the same if more is left than a row has by chance with any other; a single pair
    is called a repetition only if no pair of the file has as much by chance. Pairs are found by
    sorting the rows by random sets of columns that together tell rows apart, so that a pair with a
    few changed values still meets in some of them. Two episodes of one patient on different dates
    are never the same.

    Parameters
    ----------
    episodes : pandas.DataFrame
        Typed episodes.
    predictors : list of str
        The predictors to compare, besides site, date, treatment and end of follow-up.

    Returns
    -------
    Linkage
        Which episodes repeat which; the same rows in another order give the same pairs.
    """
    n = len(episodes)
    coded = _code(episodes, [*_STRUCTURE, *predictors])
    twin = _twins(coded, n)
    rows = _compared(coded, n)
    part = coded.take(rows)
    twins = _within(twin, rows)
    pairs, score, alike = _pairs(part, len(rows))
    labels = _components(np.concatenate([pairs, twins]), len(rows))
    persons = int(labels.max(initial=-1)) + 1
    if persons < _MANY_COPIES * len(rows):  # chance has fewer persons to choose from
        pairs, score, alike = _pairs(part, persons)
        labels = _components(np.concatenate([pairs, twins]), len(rows))
    sure = (score >= _needed_of_a_pair(len(rows))) & (alike >= _NEARLY_EQUAL)
    strict = pairs[sure & _same_date(part, pairs)]
    near = np.arange(n)
    near[rows] = rows[first_places(_components(strict, len(rows)))]
    same = part.patient[pairs[:, 0]] == part.patient[pairs[:, 1]]
    return Linkage(
        twin,
        near,
        int(labels.max(initial=-1)) + 1,
        len(rows),
        bool(same.mean() > 0.95) if len(pairs) else False,
    )


def code_values(values: pd.Series[Any]) -> IntArray:
    """Return values as whole numbers from 0, -1 where missing."""
    return pd.factorize(values)[0].astype(np.intp)


def hashed(columns: list[IntArray]) -> NDArray[np.uint64]:
    """Return one number for each row; equal rows have equal numbers."""
    total = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        total = (total ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        total ^= total >> np.uint64(29)
    return total


def first_places(codes: IntArray) -> IntArray:
    """Return for each row the place of the first row with the same code."""
    first = np.full(int(codes.max(initial=-1)) + 1, len(codes), dtype=np.intp)
    np.minimum.at(first, codes, np.arange(len(codes)))
    places: IntArray = first[codes]
    return places


def _code(episodes: pd.DataFrame, names: list[str]) -> _Coded:
    columns, bits, figures = [], [], []
    for name in names:
        codes = code_values(episodes[name])
        counts = np.bincount(codes[codes >= 0])
        if len(counts) < 2:
            continue
        share = counts / counts.sum()
        columns.append(codes)
        bits.append(-np.log2(share))
        cost = max(0.0, np.log2((1 - (share**2).sum()) / (1 - _KEPT)))
        known = counts.sum() / len(codes)
        figures.append([cost, known * -(share * np.log2(share)).sum(), known])
    cost, told, known = np.array(figures, dtype=np.float64).reshape(-1, 3).T
    patient = code_values(episodes["patient_id"])
    return _Coded(columns, bits, cost, told, known, patient, code_values(episodes["index_date"]))


def _needed_of_a_row(n: int) -> float:
    """Return the bits by which a row agrees with none of the others by chance."""
    return float(np.log2(max(n, 2)) + _MARGIN)


def _needed_of_a_pair(n: int) -> float:
    """Return the bits by which no two of all rows agree by chance."""
    return float(2 * np.log2(max(n, 2)) + _MARGIN)


def _twins(coded: _Coded, n: int) -> IntArray:
    """Return the first episode with the same values, where these are enough to tell."""
    if not coded.columns:
        return np.arange(n)
    first = first_places(pd.factorize(hashed(coded.columns))[0].astype(np.intp))
    told = np.zeros(n)
    for column, bits in zip(coded.columns, coded.bits, strict=True):
        told += np.append(bits, 0.0)[column]
    same = (coded.patient == coded.patient[first]) & (coded.patient >= 0)
    sure = _TRUST * told + np.where(same, np.log2(n), 0.0) >= _needed_of_a_pair(n)
    return np.where(sure, first, np.arange(n))


def _within(twin: IntArray, rows: IntArray) -> NDArray[np.intp]:
    """Return pairs of the compared rows and their twins, as places among these rows."""
    place = np.full(len(twin), -1, dtype=np.intp)
    place[rows] = np.arange(len(rows))
    pairs = np.column_stack([place[twin[rows]], np.arange(len(rows))])
    kept: NDArray[np.intp] = pairs[(pairs[:, 0] >= 0) & (pairs[:, 0] != pairs[:, 1])]
    return kept


def _compared(coded: _Coded, n: int) -> IntArray:
    """Return the rows to compare: all, or those with some of the values of the best column."""
    if n <= _MOST_ROWS or not coded.columns:
        return np.arange(n)
    place = int(np.argmax(coded.told))
    size = len(coded.bits[place])
    kept = np.random.default_rng(0).random(size) < _MOST_ROWS / n
    return np.flatnonzero(np.append(kept, False)[coded.columns[place]])


def _pairs(coded: _Coded, persons: int) -> tuple[NDArray[np.intp], FloatArray, FloatArray]:
    """Return pairs of rows that may be the same, their bits, and their share of equal columns."""
    n = len(coded.patient)
    rng = np.random.default_rng(0)
    found = [np.zeros((0, 2), dtype=np.intp)]
    told = [np.zeros((2, 0))]
    keys = _FEW_KEYS if n > _FEW_ROWS else _KEYS
    for number in range(keys if coded.columns else 0):
        pairs = _neighbours(coded, _key(coded, rng, n, complete=number % 2 == 1))
        score, share = _compare(coded, pairs)
        kept = (score >= _needed_of_a_row(persons)) & (share >= _LEAST_ALIKE)
        kept &= ~_other_episode(coded, pairs)
        found.append(pairs[kept])
        told.append(np.stack([score[kept], share[kept]]))
    scores, shares = np.concatenate(told, axis=1)
    return np.concatenate(found), scores, shares


def _key(coded: _Coded, rng: np.random.Generator, n: int, *, complete: bool) -> list[int]:
    """Draw columns, those that tell more first, until they tell rows apart.

    Every other key keeps to columns with few blanks, for the rows that have many.
    """
    told = coded.told * coded.known**_COMPLETE if complete else coded.told
    order = np.argsort(-np.log(rng.random(len(told))) / np.maximum(told, 1e-9))
    enough = np.searchsorted(np.cumsum(coded.told[order]) * _TRUST, np.log2(max(n, 2)) + 1)
    return [int(i) for i in order[: int(enough) + 1]]


def _neighbours(coded: _Coded, key: list[int]) -> NDArray[np.intp]:
    """Return pairs of rows that are equal in the columns of a key, as neighbours when sorted."""
    known = np.flatnonzero(np.all([coded.columns[i] >= 0 for i in key], axis=0))
    hashes = hashed([coded.columns[i][known] for i in key])
    order = np.argsort(hashes, kind="stable")
    place, hashes = known[order], hashes[order]
    steps = [np.flatnonzero(hashes[step:] == hashes[:-step]) for step in (1, 2)]
    pairs = [np.column_stack([place[at], place[at + 1 + i]]) for i, at in enumerate(steps)]
    return np.concatenate(pairs)


def _compare(coded: _Coded, pairs: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
    """Return the bits that speak for each pair, and its share of equal columns."""
    a, b = pairs[:, 0], pairs[:, 1]
    score, equal, both = np.zeros(len(a)), np.zeros(len(a)), np.zeros(len(a))
    for column, bits, cost in zip(coded.columns, coded.bits, coded.cost, strict=True):
        left, right = column[a], column[b]
        known = (left >= 0) & (right >= 0)
        same = known & (left == right)
        score += np.where(same, _TRUST * bits[left], np.where(known, -cost, 0.0))
        equal += same
        both += known
    shared = (coded.patient[a] == coded.patient[b]) & (coded.patient[a] >= 0)
    score += np.where(shared, np.log2(max(len(coded.patient), 2)), 0.0)
    return score, equal / np.maximum(both, 1)


def _other_episode(coded: _Coded, pairs: NDArray[np.intp]) -> BoolArray:
    """Return the pairs that are two episodes of one patient."""
    a, b = pairs[:, 0], pairs[:, 1]
    shared: BoolArray = (coded.patient[a] == coded.patient[b]) & ~_same_date(coded, pairs)
    return shared


def _same_date(coded: _Coded, pairs: NDArray[np.intp]) -> BoolArray:
    """Return the pairs whose index dates do not differ."""
    a, b = coded.date[pairs[:, 0]], coded.date[pairs[:, 1]]
    same: BoolArray = (a == b) | (a < 0) | (b < 0)
    return same


def _components(pairs: NDArray[np.intp], n: int) -> IntArray:
    """Return a number for each row; rows linked by pairs share it."""
    ones = np.ones(len(pairs))
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    labels: IntArray = connected_components(graph, directed=False)[1].astype(np.intp)
    return labels
