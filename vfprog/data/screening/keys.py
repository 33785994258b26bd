"""Keys of patients and sites that name something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfprog.errors import Failure

if TYPE_CHECKING:
    from vfprog.data.screening.context import Screened

# Fewer episodes may belong to one patient, or come from as many sites, by chance.
LEAST_ROWS = 20
# A larger share of the episodes tells that the key is another's.
_SHARE = 0.5


def check_keys(screened: Screened) -> list[Failure]:
    """Find a patient_id that most episodes share and a site_id that hardly any do.

    Parameters
    ----------
    screened : Screened
        The registry.

    Returns
    -------
    list of Failure
        Warnings of whole columns, in 20 episodes or more: ``patient_key`` where more than half of
        the episodes belong to one patient, its value is their number; ``site_key`` where there
        are more than half as many sites as episodes, its value is the number of sites. Keys the
        registry does not have are not judged.
    """
    if len(screened.raw["episodes"]) < LEAST_ROWS:
        return []
    return [*_patients(screened), *_sites(screened)]


def _patients(screened: Screened) -> list[Failure]:
    if "patient_id" not in screened.raw["episodes"]:
        return []
    patients = screened.typed["episodes"]["patient_id"]
    counts = patients.value_counts()
    most, n = int(counts.max()) if len(counts) else 0, len(patients)
    if most <= _SHARE * n:
        return []
    text = f"{most} of {n} episodes belong to one patient"
    return [Failure("episodes", None, "patient_id", most, "patient_key", text, "warning")]


def _sites(screened: Screened) -> list[Failure]:
    if "site_id" not in screened.raw["episodes"]:
        return []
    sites = screened.typed["episodes"]["site_id"]
    different, n = sites.nunique(), len(sites)
    if different <= _SHARE * n:
        return []
    text = f"{different} sites in {n} episodes; expected many episodes of each site"
    return [Failure("episodes", None, "site_id", different, "site_key", text, "warning")]
