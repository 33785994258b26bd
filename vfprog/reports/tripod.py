"""The TRIPOD+AI checklist, answered from the run (Collins GS et al. BMJ 2024;385:e078378)."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vfprog.config import load_config
from vfprog.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

By = Literal["run", "shared", "authors"]
Status = Literal["answered", "partly", "for the authors", "not done"]
_STATUS: dict[By, Status] = {
    "run": "answered", "shared": "partly", "authors": "for the authors",
}  # fmt: skip


class Item(BaseModel):
    """One item, or part of an item, of the checklist.

    Parameters
    ----------
    item : str
        Number, such as ``12c``.
    section, topic : str
        Where the statement has it.
    applies : {"D", "E", "DE"}
        To development, evaluation, or both.
    wording : str
        What it asks for, in short words of our own.
    by : {"run", "shared", "authors"}
        Who can answer it.
    needs : tuple of str
        Tables without which the run cannot; ``flow_*`` stands for any that begins so.
    wants : tuple of str
        Tables without which it can in part.
    says : str
        The answer, with names of facts in braces.
    updated : str
        The answer of a bundle that was updated on another registry, where it differs.
    where : str
        Section of the report.
    ask : str
        What is left to the authors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: str = Field(pattern=r"^([1-9]|1\d|2[0-7])[a-g]?$")
    section: str
    topic: str
    applies: Literal["D", "E", "DE"]
    wording: str
    by: By
    needs: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    says: str = ""
    updated: str = ""
    where: str = ""
    ask: str = ""


class Checklist(BaseModel):
    """The checklist.

    Parameters
    ----------
    reference : str
        The statement.
    items : tuple of Item
        In the order of the statement.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Answer:
    """An item with its answer.

    Parameters
    ----------
    item : Item
        The item.
    status : {"answered", "partly", "for the authors", "not done"}
        Whether anything is left to do.
    text : str
        What the run says; may be empty where the authors must.
    """

    item: Item
    status: Status
    text: str


def load_checklist(name: str | Path = "tripod_ai") -> Checklist:
    """Read and check the checklist.

    Parameters
    ----------
    name : str or pathlib.Path
        Configuration name or path.

    Returns
    -------
    Checklist
        The checklist.

    Raises
    ------
    ConfigError
        The file is malformed.
    """
    try:
        return Checklist.model_validate(load_config(name))
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{name}: {lines}") from error


def answered(
    checklist: Checklist,
    facts: Mapping[str, str],
    tables: Collection[str],
    *,
    updated: bool = False,
) -> list[Answer]:
    """Answer every item from the facts of a run.

    Parameters
    ----------
    checklist : Checklist
        The items.
    facts : mapping of str to str
        What the answers name.
    tables : collection of str
        Tables the run has.
    updated : bool
        Whether the run was an update of models developed elsewhere.

    Returns
    -------
    list of Answer
        One per item, in order.

    Raises
    ------
    ConfigError
        An answer names a fact there is not.
    """
    items = checklist.items
    if updated:
        items = tuple(i.model_copy(update={"says": i.updated or i.says}) for i in items)
    return [_answer(item, facts, tables) for item in items]


def _answer(item: Item, facts: Mapping[str, str], tables: Collection[str]) -> Answer:
    lacking = _lacking(item.needs, tables)
    if lacking:
        names = ", ".join(lacking).replace("external_validation", "external validation")
        return Answer(item, "not done", f"Not computed in this run: {names}.")
    wanted = _lacking(item.wants, tables)
    rest = f" Not computed in this run: {', '.join(wanted)}." if wanted else ""
    try:
        said = item.says.format_map(facts) + rest
    except KeyError as error:
        raise ConfigError(f"checklist, item {item.item}: no fact {error} of a run") from error
    return Answer(item, "partly" if wanted else _STATUS[item.by], said)


def _lacking(wanted: tuple[str, ...], tables: Collection[str]) -> list[str]:
    return [want for want in wanted if not any(fnmatch(name, want) for name in tables)]
