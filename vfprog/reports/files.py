"""Write a page beside its place, then rename; never over anything without being asked."""

from __future__ import annotations

from pathlib import Path

from vfprog.errors import ConfigError

_ENDINGS = (".html", ".htm")


def check_page(out: str | Path, *, force: bool) -> Path:
    """Raise unless a page may be written to a file; call it before long work.

    Parameters
    ----------
    out : str or pathlib.Path
        File ending in .html.
    force : bool
        Whether an existing file may be replaced.

    Returns
    -------
    pathlib.Path
        The file.
    """
    path = Path(out)
    if path.suffix.lower() not in _ENDINGS:
        raise ConfigError(f"{path}: a page is written as {' or '.join(_ENDINGS)}")
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; choose another place")
    if path.exists() and not force:
        raise ConfigError(f"{path} exists; choose another place or give --force to replace it")
    return path


def write_page(page: str, out: str | Path, *, force: bool = False) -> Path:
    """Write a page.

    Parameters
    ----------
    page : str
        HTML.
    out : str or pathlib.Path
        File ending in .html.
    force : bool
        Replace an existing file.

    Returns
    -------
    pathlib.Path
        The file.
    """
    path = check_page(out, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    # What no encoding can hold, such as half a pair of surrogates, becomes a question mark.
    beside.write_bytes(page.encode("utf-8", "replace"))
    beside.replace(path)
    return path
