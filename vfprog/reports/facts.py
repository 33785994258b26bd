"""What a run says of itself in words: the facts the checklist, the card and the summary name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vfprog.reports.grid import figure, label
from vfprog.reports.origin import UNKNOWN, origin_facts
from vfprog.reports.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vfprog.reports.evidence import Evidence
    from vfprog.schema.dictionary import Dictionary
    from vfprog.schema.endpoints import Endpoint
    from vfprog.scoring.model import PrognosticModel

_ALSO = {
    "internal_external": "internal-external validation by site",
    "validations.temporal": "temporal validation",
}  # fmt: skip


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
        "n_limitations": counted(limitations, "limitation"),
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
        "sites": _counted(told.get("n_sites"), "site"),
        "episodes": _counted(told.get("n_episodes"), "episode"),
        "models": counted(len(evidence.models), "model"),
        "population": _listed(_population(evidence, e) for e in known),
        "treated": " after vertebroplasty" if _after_vertebroplasty(evidence) else "",
        "outcomes": _listed(f"{e.label} ({e.horizon})" for e in known),
        "horizons": _listed(e.horizon for e in known),
        "intercurrent": _listed(_intercurrent(e) for e in known),
        "accrual": _accrual(evidence),
        "candidates": counted(len(dictionary.usable_at("postprocedure")), "candidate"),
        "sourced": _sourced(dictionary),
    }


def _of_method(evidence: Evidence) -> dict[str, str]:
    settings: Mapping[str, Any] = evidence.provenance.get("settings", {})
    trees: Mapping[str, Any] = settings.get("trees", {})
    plain = ("copies", "outer_folds", "outer_repeats", "inner_folds")
    blank = settings.get("max_blank")
    return {name: str(settings.get(name, UNKNOWN)) for name in plain} | {
        "max_blank": UNKNOWN if blank is None else f"{100 * blank:.0f} %",
        "max_depth": str(trees.get("max_depth", UNKNOWN)),
        "refits": _refits(evidence),
        "form": _form(evidence),
        "trees": _trees(evidence),
    }


def _of_results(evidence: Evidence) -> dict[str, str]:
    kept = evidence.computed
    lineage = evidence.bundle.manifest["lineage"]
    names = ", ".join(evidence.external)
    also = [words for name, words in _ALSO.items() if name in kept]
    unseen = any(name.startswith("delta_adjusted_") for name in kept)
    beside = "; comparators by paired differences" if "comparators" in kept else ""
    multiple = "; multiple imputation beside single" if "missing_data" in kept else ""
    return {
        "also": f"; {' and '.join(also)} too" if also else "",
        "elsewhere": f"; frozen external validation on {names}" if names else "",
        "external": names or "no other registry",
        "delta": ", with a delta-adjusted sensitivity analysis" if unseen else "",
        "comparison": beside,
        "imputation": multiple,
        "sample_size": _sample_size(evidence),
        "sizes": _sizes(evidence),
        "groups": ", ".join(judged_groups(evidence)) or UNKNOWN,
        "headline": _headline(evidence),
        "updating": (f"Updated from version {lineage[-1].get('version')}, "
                     f"{lineage[-1].get('change')}." if lineage
                     else "These are the models as first developed, never updated."),
    }  # fmt: skip


def _population(evidence: Evidence, endpoint: Endpoint) -> str:
    """Return whose risk it is; of a registry that is the population, as its mapping notes it."""
    if endpoint.population:
        return ", ".join(endpoint.population)
    note = "" if evidence.updated else evidence.bundle.population_note.strip().rstrip(".")
    return note or "all episodes of a registry like that of the development"


def _after_vertebroplasty(evidence: Evidence) -> bool:
    return all(e.population == ("vertebroplasty",) for e in endpoints(evidence).values())


def _intercurrent(endpoint: Endpoint) -> str:
    if endpoint.kind == "coded":
        return "as the registry coded the outcome"
    return endpoint.intercurrent.replace("_", " ")


def judged_groups(evidence: Evidence) -> tuple[str, ...]:
    """Return the groupings in which any group was large enough for a figure, in words."""
    table = evidence.frames.get("subgroups")
    if table is None:
        return ()
    return tuple(map(str, table.loc[table["estimate"].notna(), "label"].unique()))


def _sourced(dictionary: Dictionary) -> str:
    """Return how many candidates say where they come from."""
    sources = [bool(predictor.source) for predictor in dictionary.usable_at("postprocedure")]
    if all(sources):
        return "each with its source"
    return f"{sum(sources)} with a source" if any(sources) else "without a source"


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
    met = rows.dropna(subset="met").groupby("model")["met"].apply(lambda m: m.eq(True).all())
    said = f"all criteria met by {int(met.sum())} of {len(met)} models, counting predictors"
    undefined = rows.loc[rows["met"].isna(), "criterion"].unique()
    if not len(undefined):
        return said
    return f"{said}; undefined above 30 predictors: {', '.join(map(label, undefined)).lower()}"


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


def _refits(evidence: Evidence) -> str:
    """Return how many bootstrap refits there were."""
    asked = evidence.provenance.get("resamples")
    if asked is None:
        return f"bootstrap refits {UNKNOWN}"
    if not asked:
        return "no bootstrap refits, so no optimism, instability or rank intervals"
    return f"{counted(asked, 'bootstrap refit')} of the whole procedure"


def _form(evidence: Evidence) -> str:
    """Return what the models are: not all have splines, or trees."""
    n, models = len(evidence.models), evidence.models.values()
    curved = sum(bool((~np.isnan(model.linear.encoding.knots)).any()) for model in models)
    blended = sum(_has_trees(model) for model in models)
    lines = {0: "without splines", n: "on splines"}.get(curved, f"on splines in {curved} of {n}")
    trees = {0: "no trees", n: "blended with boosted trees"}
    return (f"ridge logistic regression {lines}, "
            f"{trees.get(blended, f'blended with boosted trees in {blended} of {n}')}")  # fmt: skip


def _trees(evidence: Evidence) -> str:
    """Return where the trees of the models can be had."""
    if not any(_has_trees(model) for model in evidence.models.values()):
        return "there are no trees"
    return "trees are summarised, their arrays and XGBoost JSON are files of the bundle"


def _has_trees(model: PrognosticModel) -> bool:
    return model.trees is not None and model.blend.w_trees > 0


def _counted(number: int | None, word: str) -> str:
    return f"{word}s {UNKNOWN}" if number is None else counted(number, word)


def _listed(words: Any) -> str:
    return "; ".join(dict.fromkeys(words))
