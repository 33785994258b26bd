"""Check: everything wrong with a registry at once, and who would take part in each endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vfprog.data.readers import failure_table, read_registry
from vfprog.errors import ConfigError
from vfprog.workflows.inputs import build_cohorts, choose_endpoints

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.data.registry import Registry
    from vfprog.errors import Failure


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Parameters
    ----------
    registry : Registry
        The registry as read; values in error are missing in it.
    failures : tuple of Failure
        Errors and warnings.
    table : pandas.DataFrame
        The failures as a table, worst first.
    flows : dict of str to pandas.DataFrame
        Participant flow of each endpoint that can be derived; empty while there are errors.
    refused : dict of str to str
        Endpoints that cannot be derived, and why.
    """

    registry: Registry
    failures: tuple[Failure, ...]
    table: pd.DataFrame
    flows: dict[str, pd.DataFrame]
    refused: dict[str, str]

    @property
    def n_errors(self) -> int:
        """Number of errors."""
        return sum(failure.severity == "error" for failure in self.failures)

    @property
    def n_warnings(self) -> int:
        """Number of warnings."""
        return len(self.failures) - self.n_errors


def check(
    source: str | Path, *, mapping: str | Path | RegistryMapping | None = None
) -> CheckReport:
    """Check a registry.

    Parameters
    ----------
    source : str or pathlib.Path
        Folder or file.
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign registry's columns become ours.

    Returns
    -------
    CheckReport
        Everything found; nothing is raised for what is wrong in the data.
    """
    registry, failures = read_registry(source, mapping=mapping)
    flows: dict[str, pd.DataFrame] = {}
    refused: dict[str, str] = {}
    if not any(failure.severity == "error" for failure in failures):
        try:
            chosen = choose_endpoints(None, registry)
        except ConfigError as error:
            chosen, refused = (), {"outcomes": str(error)}
        cohorts, without = build_cohorts(registry, chosen, strict=False)
        flows = {name: cohort.flow for name, cohort in cohorts.items()}
        refused |= without
    return CheckReport(registry, tuple(failures), failure_table(failures), flows, refused)
