"""Find, read and copy the configuration files a user may edit.

An installed wheel carries them as ``vfprog/_configs``; a checkout has them in ``configs``.
A configuration is named by its stem (``response``, ``dictionary``) or by a path.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from vfprog.errors import ConfigError

_BOOL_TAG = "tag:yaml.org,2002:bool"
_MERGE_TAG = "tag:yaml.org,2002:merge"
_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_BaseLoader):  # type: ignore[misc]  # its base is chosen at run time
    """YAML in which only true and false are booleans and a repeated key is an error."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping, refusing a key that stands twice."""
        own = [key for key, _ in node.value if key.tag != _MERGE_TAG]
        keys = [self.construct_object(key, deep=True) for key in own]
        repeated = {str(key) for key in keys if keys.count(key) > 1}
        if repeated:
            line = node.start_mark.line + 1
            raise ConfigError(f"key {sorted(repeated)} stands twice in the block at line {line}")
        built: dict[Any, Any] = super().construct_mapping(node, deep)
        return built


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL_TAG]
    for first, resolvers in _BaseLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver(
    _BOOL_TAG, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def config_root() -> Path:
    """Return the folder that holds the configuration files.

    Returns
    -------
    pathlib.Path
        ``vfprog/_configs`` of an installed wheel, or ``configs`` of the checkout.
    """
    package = Path(__file__).resolve().parent
    packed = package / "_configs"
    root = packed if packed.is_dir() else package.parent / "configs"
    if not root.is_dir():
        raise ConfigError(f"no configuration folder at {packed} nor at {root}: reinstall vfprog")
    return root


def list_configs() -> list[str]:
    """Return the names of all configurations, such as ``endpoints/response``."""
    root = config_root()
    return sorted(str(p.relative_to(root).with_suffix("")) for p in root.rglob("*.yaml"))


def find_config(name: str | Path, *, folder: str = "") -> Path:
    """Return the file a configuration name or path stands for.

    Parameters
    ----------
    name : str or pathlib.Path
        A path to a YAML file, or a name such as ``response`` or ``endpoints/response``.
    folder : str
        Folder of the configurations in which a bare name is looked up first.

    Returns
    -------
    pathlib.Path
        An existing file.

    Raises
    ------
    ConfigError
        No such file; the message lists the names there are.
    """
    if Path(name).suffix in {".yaml", ".yml"}:
        if Path(name).is_file():
            return Path(name)
        raise ConfigError(f"configuration file {str(name)!r} does not exist")
    root = config_root()
    for candidate in (root / folder / f"{name}.yaml", root / f"{name}.yaml"):
        if candidate.is_file():
            return candidate
    hits = [known for known in list_configs() if known.rsplit("/", 1)[-1] == str(name)]
    if len(hits) == 1:
        return root / f"{hits[0]}.yaml"
    known = ", ".join(n for n in list_configs() if n.startswith(folder))
    raise ConfigError(f"no configuration named {str(name)!r}; there are: {known}")


def load_yaml(path: Path, *, until: re.Pattern[str] | None = None) -> dict[str, Any]:
    """Read one YAML file as a mapping.

    Parameters
    ----------
    path : pathlib.Path
        File to read, UTF-8.
    until : re.Pattern, optional
        What follows the first match is not read: parsing is slow, and some want the head only.

    Returns
    -------
    dict
        Its content; ``Yes``, ``No``, ``On`` and ``Off`` stay words.

    Raises
    ------
    ConfigError
        The file is not YAML, repeats a key, or is not a mapping at its top.
    """
    try:
        text = path.read_text(encoding="utf-8")
        end = until.search(text) if until is not None else None
        content = yaml.load(text[: end.start()] if end else text, Loader=_StrictLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path}: {_place(error)}{error.problem}") from error
    except (yaml.YAMLError, UnicodeDecodeError, ConfigError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected names and values at the top, got {content!r:.60}")
    return content


def _place(error: yaml.MarkedYAMLError) -> str:
    return f"line {error.problem_mark.line + 1}: " if error.problem_mark is not None else ""


def load_config(name: str | Path, *, folder: str = "") -> dict[str, Any]:
    """Read the configuration a name or path stands for; see `find_config`."""
    return load_yaml(find_config(name, folder=folder))
