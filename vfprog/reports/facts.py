"""What a run says of itself in words: the facts the checklist, the card and the summary name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vfprog.reports.grid import figure, label
from vfprog.reports.origin import UNKNOWN, origin_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.reports.evidence import Evidence
    from vfprog.schema.endpoints import Endpoint


def facts(evidence: Evidence, *, limitations: int = 0) -> dict[str, str]:
    """Return the facts of a run as words.

    Parameters
    ----------
    evidence : Evidence
        The bundle.
    limitations : int
        How many limitations the run can tell.

    Returns
    -------
    dict of str to str
        Every fact has words; what the bundle does not tell is said to be unknown.
    """
    kinds = (_of_data, origin_facts, _of_method, _of_results)
    told = {name: said for kind in kinds for name, said in kind(evidence).items()}
    return told | {
        "n_limitations": f"{limitations} limitation{'' if limitations == 1 else 's'}",
        "version": str(evidence.provenance.get("versions", {}).get("vfprog", UNKNOWN)),
        "bundle": f"{evidence.bundle.identity.name} {evidence.bundle.identity.version}",
    }  # fmt: skip


def endpoints(evidence: Evidence) -> dict[str, Endpoint]:
    """Return the endpoints of a bundle by name."""
    return {model.endpoint.name: model.endpoint for model in evidence.models.values()}


def _of_data(evidence: Evidence) -> dict[str, str]:
    told, known = evidence.provenance, endpoints(evidence).values()
    dictionary = evidence.bundle.dictionary
    return {
        "data_kind": "Simulated registry" if _here_simulated(evidence) else "Registry",
        "source": str(told.get("source", UNKNOWN)),
        "digest": str(told.get("digest", UNKNOWN)),
        "n_sites": str(told.get("n_sites", UNKNOWN)),
        "n_models": str(len(evidence.models)),
        "population": _listed(", ".join(e.population) or "all episodes" for e in known),
        "outcomes": _listed(f"{e.label} ({e.horizon})" for e in known),
        "horizons": _listed(e.horizon for e in known),
        "intercurrent": _listed(e.intercurrent.replace("_", " ") for e in known),
        "accrual": _accrual(evidence),
        "n_candidates": str(len(dictionary.usable_at("postprocedure"))),
    }


def _of_method(evidence: Evidence) -> dict[str, str]:
    settings: Mapping[str, Any] = evidence.provenance.get("settings", {})
    trees: Mapping[str, Any] = settings.get("trees", {})
    plain = ("copies", "outer_folds", "outer_repeats", "inner_folds")
    blank = settings.get("max_blank")
    return {name: str(settings.get(name, UNKNOWN)) for name in plain} | {
        "max_blank": UNKNOWN if blank is None else f"{100 * blank:.0f} %",
        "max_depth": str(trees.get("max_depth", UNKNOWN)),
        "resamples": str(evidence.provenance.get("resamples", UNKNOWN)),
    }


def _of_results(evidence: Evidence) -> dict[str, str]:
    kept = set(evidence.frames)
    lineage = evidence.bundle.manifest["lineage"]
    names = ", ".join(evidence.external)
    unseen = any(name.startswith("delta_adjusted_") for name in kept)
    beside = "; comparators by paired differences" if "comparators" in kept else ""
    multiple = "; multiple imputation beside single" if "missing_data" in kept else ""
    return {
        "also": ", internal-external and temporal" if "validations" in kept else "",
        "elsewhere": f"; frozen external validation on {names}" if names else "",
        "external": names or "no other registry",
        "delta": ", with a delta-adjusted sensitivity analysis" if unseen else "",
        "comparison": beside,
        "imputation": multiple,
        "sample_size": _sample_size(evidence),
        "sizes": _sizes(evidence),
        "headline": _headline(evidence),
        "updating": (f"Updated from version {lineage[-1].get('version')}, "
                     f"{lineage[-1].get('change')}." if lineage
                     else "None: these are the models as first developed."),
    }  # fmt: skip


def _here_simulated(evidence: Evidence) -> bool:
    """Return whether the registry the provenance tells of is simulated, whatever came before."""
    here = [one["judged_on"] for one in evidence.origins.values() if one["change"] != "not_judged"]
    return bool(here[0]["simulated"]) if here else evidence.bundle.simulated


def _accrual(evidence: Evidence) -> str:
    table = evidence.frames.get("accrual")
    if table is None or table["first_month"].isna().all():
        return UNKNOWN
    return f"{table['first_month'].dropna().min()} to {table['last_month'].dropna().max()}"


def _sample_size(evidence: Evidence) -> str:
    table = evidence.frames.get("sample_size")
    if table is None:
        return UNKNOWN
    rows = table[table["counted"] == "predictors"]
    met = rows.groupby("model")["met"].apply(lambda m: m.eq(True).all())
    return f"all criteria met by {int(met.sum())} of {len(met)} models, counting predictors"


def _sizes(evidence: Evidence) -> str:
    said = []
    for model in evidence.models:
        row = evidence.headline(model).get("c_statistic")
        if row:
            said.append(f"{evidence.title(model)}: {row['n']:,} with {row['n_events']:,} events")
    return "; ".join(said) or UNKNOWN


def _headline(evidence: Evidence) -> str:
    said = []
    for model in evidence.models:
        row = evidence.headline(model).get("c_statistic")
        if row:
            said.append(f"{evidence.title(model)}: {label('c_statistic')} {figure(row)}")
    return "; ".join(said) or UNKNOWN


def _listed(words: Any) -> str:
    return "; ".join(dict.fromkeys(words))
