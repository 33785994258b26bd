"""Check: everything wrong with a registry at once, and who would take part in each endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from vfprog.data.groups import Group, count, grouped
from vfprog.data.profile import Profile, profile
from vfprog.data.readers import failure_table, read_for_screening
from vfprog.data.screening.reference import ColumnSummary, check_reference
from vfprog.data.screening.screen import screen
from vfprog.errors import ConfigError
from vfprog.scoring.bundle import load_bundle
from vfprog.workflows.inputs import (
    build_cohorts,
    choose_endpoints,
    code_clashes,
    has_procedure_values,
)
from vfprog.workflows.refusals import refusals
from vfprog.workflows.screening import observed_events

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from vfprog.data.cohort import Cohort
    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.data.readers import ReadRegistry
    from vfprog.data.registry import Registry
    from vfprog.errors import Failure
    from vfprog.schema.dictionary import PredictionTime
    from vfprog.scoring.bundle import Bundle


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Parameters
    ----------
    read : ReadRegistry
        The registry at every stage of its reading.
    failures : tuple of Failure
        Errors, warnings and notes: of single values, then of whole columns, rows and tables.
    profile : Profile
        The registry column by column.
    flows : dict of str to pandas.DataFrame
        Participant flow of each endpoint that can be derived; empty while values are in error.
    refused : dict of str to str
        Endpoints that cannot be derived, and why.
    untrained : dict of str to str
        Each model of the others with why ``vfprog train`` would refuse it, empty where it would
        not; empty as a whole while values are in error.
    """

    read: ReadRegistry
    failures: tuple[Failure, ...]
    profile: Profile
    flows: dict[str, pd.DataFrame]
    refused: dict[str, str]
    untrained: dict[str, str] = field(default_factory=dict)

    @property
    def registry(self) -> Registry:
        """The registry as read; values in error are missing in it."""
        return self.read.registry

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The failures by code and column, worst first."""
        return tuple(grouped(self.failures))

    @cached_property
    def table(self) -> pd.DataFrame:
        """The failures as a table, worst first."""
        return failure_table(self.failures)

    @property
    def n_errors(self) -> int:
        """Number of errors, those beyond the length of a list included."""
        return count(self.groups, "error")

    @property
    def n_warnings(self) -> int:
        """Number of warnings, those beyond the length of a list included."""
        return count(self.groups, "warning")

    @property
    def n_notes(self) -> int:
        """Number of notes, those beyond the length of a list included."""
        return count(self.groups, "note")

    @property
    def read_as(self) -> tuple[Failure, ...]:
        """How the files and columns were understood."""
        return tuple(failure for failure in self.failures if failure.rule == "read_as")


def check(
    source: str | Path,
    *,
    mapping: str | Path | RegistryMapping | None = None,
    reference: str | Path | None = None,
) -> CheckReport:
    """Check a registry.

    Parameters
    ----------
    source : str or pathlib.Path
        Folder or file.
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign registry's columns become ours.
    reference : str or pathlib.Path, optional
        Folder of a model bundle whose development data the registry is compared with.

    Returns
    -------
    CheckReport
        Everything found; nothing is raised for what is wrong in the data.
    """
    bundle = None if reference is None else load_bundle(reference)
    read = read_for_screening(source, mapping=mapping)
    cohorts: dict[str, Cohort] = {}
    refused: dict[str, str] = {}
    if not any(failure.severity == "error" for failure in read.failures):
        cohorts, refused = _cohorts(read.registry)
    events = {name: observed_events(cohort) for name, cohort in cohorts.items()}
    failures = (*read.failures, *screen(read, events))
    if bundle is not None:
        failures = (*failures, *_beside(bundle, read))
    flows = {name: cohort.flow for name, cohort in cohorts.items()}
    untrained = _untrained(read.registry, cohorts)
    return CheckReport(read, failures, profile(read, failures, events), flows, refused, untrained)


def write_report(report: CheckReport, out: str | Path, *, force: bool = False) -> Path:
    """Write a report as one page for people.

    Parameters
    ----------
    report : CheckReport
        What a check found.
    out : str or pathlib.Path
        File ending in .html.
    force : bool
        Replace an existing file.

    Returns
    -------
    pathlib.Path
        The file.
    """
    from vfprog.reports.files import write_page
    from vfprog.reports.intake import intake_page

    page = intake_page(
        report.read, report.failures, report.profile, flows=report.flows, refused=report.refused,
        untrained=report.untrained,
    )  # fmt: skip
    return write_page(page, out, force=force)


def _cohorts(registry: Registry) -> tuple[dict[str, Cohort], dict[str, str]]:
    try:
        chosen = choose_endpoints(None, registry)
    except ConfigError as error:
        return {}, {"outcomes": str(error)}
    return build_cohorts(registry, chosen, strict=False)


def _untrained(registry: Registry, cohorts: dict[str, Cohort]) -> dict[str, str]:
    times: list[PredictionTime] = ["preprocedure"]
    if has_procedure_values(registry):
        times.append("postprocedure")
    return refusals(cohorts, times)


def _beside(bundle: Bundle, read: ReadRegistry) -> list[Failure]:
    """Compare with what a bundle was trained on."""
    reference = bundle.manifest["reference"]
    kept = {name: ColumnSummary.from_dict(summary) for name, summary in reference.items()}
    theirs = read.translated.dictionary
    found = code_clashes(bundle.dictionary, theirs)
    found += check_reference(read.typed, theirs, bundle.dictionary, kept)
    return read.translated.named(found)
