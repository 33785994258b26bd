"""Report: from a bundle to a page a reviewer can check, and its model card."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from vfprog.errors import ConfigError
from vfprog.reports.card import model_card
from vfprog.reports.evidence import frame_of
from vfprog.reports.files import check_page, write_page
from vfprog.reports.model_report import report_page
from vfprog.scoring.bundle import Bundle, load_bundle
from vfprog.workflows.inputs import no_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vfprog.workflows.inputs import Progress

# A digest of digits is no number.
_WORDS = {"bundle_sha256": str, "registry_sha256": str}
_READERS: dict[str, Callable[[Path], Any]] = {
    ".csv": partial(pd.read_csv, dtype=_WORDS), ".parquet": pd.read_parquet,
    ".json": partial(pd.read_json, dtype=_WORDS),
}  # fmt: skip


@dataclass(frozen=True)
class Written:
    """What a report wrote.

    Parameters
    ----------
    page : pathlib.Path
        The report.
    card : pathlib.Path
        The model card beside it.
    simulated : bool
        Whether the models were trained on simulated data.
    bundle, sha256 : str
        Name and version of the bundle, and its digest.
    """

    page: Path
    card: Path
    simulated: bool
    bundle: str
    sha256: str


def write_report(
    bundle: Bundle | str | Path,
    out: str | Path,
    *,
    validations: Iterable[str | Path] = (),
    force: bool = False,
    progress: Progress = no_progress,
) -> Written:
    """Write the report of a bundle, and its model card beside it.

    Parameters
    ----------
    bundle : Bundle or str or pathlib.Path
        The bundle; the registry is not needed.
    out : str or pathlib.Path
        File ending in .html; the card of ``report.html`` is ``report.card.md``.
    validations : iterable of str or pathlib.Path
        Tables ``vfprog validate --out`` wrote, of other registries.
    force : bool
        Replace existing files.
    progress : callable
        Called with stage, steps done and steps in all.

    Returns
    -------
    Written
        Page and card.

    Raises
    ------
    BundleError
        It is no bundle.
    ConfigError
        A file exists, or a table is not a validation of this bundle on another registry.
    """
    page = check_page(out, force=force)
    card = page.with_suffix(".card.md")
    if card.exists() and not force:
        raise ConfigError(f"{card} exists; choose another place or give --force to replace it")
    tables = {Path(table).stem: _read(Path(table)) for table in validations}
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    text = report_page(loaded, validations=tables, progress=progress)
    words = model_card(loaded, report=page.name, validations=tables)
    write_page(text, page, force=force)
    beside = card.with_name(f".{card.name}.part")
    beside.write_text(words, encoding="utf-8")
    beside.replace(card)
    identity = loaded.identity
    named = f"{identity.name} {identity.version}"
    return Written(page, card, loaded.simulated, named, identity.sha256)


def bundle_tables(bundle: Bundle | str | Path) -> dict[str, pd.DataFrame]:
    """Return everything a bundle knows of its training as long tables.

    Parameters
    ----------
    bundle : Bundle or str or pathlib.Path
        The bundle.

    Returns
    -------
    dict of str to pandas.DataFrame
        The tables of the training by name, and ``performance``.
    """
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    tables = {name: frame_of(loaded.table(name)) for name in loaded.table_names}
    return {"performance": frame_of(loaded.manifest["performance"]), **tables}


def _read(path: Path) -> pd.DataFrame:
    if path.suffix not in _READERS:
        raise ConfigError(f"{path}: a table of vfprog validate is one of {', '.join(_READERS)}")
    if not path.is_file():
        raise ConfigError(f"{path} does not exist")
    table: pd.DataFrame = _READERS[path.suffix](path)
    return table
