"""Map: propose how a foreign registry becomes ours, as a commented file to edit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vfprog.data.mapping import load_mapping
from vfprog.data.proposing.compose import compose
from vfprog.data.proposing.foreign import read_foreign
from vfprog.data.proposing.propose import propose
from vfprog.data.proposing.vocabulary import load_vocabulary
from vfprog.errors import ConfigError
from vfprog.schema.dictionary import load_dictionary
from vfprog.workflows.files import check_not_input

if TYPE_CHECKING:
    from vfprog.data.mapping import Mapping
    from vfprog.data.proposing.proposal import Proposed

_SUFFIXES = {".yaml", ".yml"}


@dataclass(frozen=True)
class MappingProposal:
    """A mapping that was proposed and written.

    Parameters
    ----------
    proposed : Proposed
        What is proposed, with evidence and confidence.
    mapping : Mapping
        The file as it loads: what stands in comments is not in it.
    path : pathlib.Path
        The file.
    """

    proposed: Proposed
    mapping: Mapping
    path: Path


def propose_mapping(
    source: str | Path,
    *,
    out: str | Path,
    force: bool = False,
    synonyms: str | Path = "synonyms",
) -> MappingProposal:
    """Propose a mapping for a foreign registry and write it.

    Parameters
    ----------
    source : str or pathlib.Path
        Flat table, folder of tables, workbook, or URL of a database.
    out : str or pathlib.Path
        File to write, ``.yaml``.
    force : bool
        Replace a file that is there.
    synonyms : str or pathlib.Path
        Configuration with the words others use.

    Returns
    -------
    MappingProposal
        The proposals and the file, which loads as it stands.

    Raises
    ------
    ConfigError
        The file exists, or nothing in the source resembles a registry.
    InputError
        The source cannot be read.
    """
    check_not_input(out, source)
    path = check_mapping_target(out, force=force)
    found = read_foreign(source)
    proposed = propose(
        found.tables,
        load_dictionary(),
        load_vocabulary(synonyms),
        is_flat=found.is_flat,
        notes=found.notes,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.part.yaml")
    try:
        text = compose(proposed, source=found.name, out=path.name)
        beside.write_text(text, encoding="utf-8")
        mapping = load_mapping(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return MappingProposal(proposed, mapping, path)


def check_mapping_target(out: str | Path, *, force: bool) -> Path:
    """Raise unless a mapping may be written to a file.

    Parameters
    ----------
    out : str or pathlib.Path
        File ending in .yaml.
    force : bool
        Whether an existing file may be replaced.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ConfigError
        It may not.
    """
    path = Path(out)
    if path.suffix not in _SUFFIXES:
        raise ConfigError(f"{path}: a mapping is written as .yaml")
    if path.exists() and not force:
        raise ConfigError(f"{path} exists; choose another place or give --force to replace it")
    return path
