"""What every job does first: read a registry, stop on errors, build the cohorts asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vfprog.data.cohort import Cohort, build_cohort
from vfprog.data.readers import ReadRegistry, read_for_screening, require_clean
from vfprog.data.registry import Registry
from vfprog.errors import ConfigError, Failure, InputError, TrainingError
from vfprog.schema.endpoints import DEFAULT_ENDPOINTS, Endpoint, load_endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vfprog.data.mapping import Mapping as RegistryMapping
    from vfprog.schema.dictionary import Dictionary, Predictor
    from vfprog.scoring.bundle import Bundle

    # stage, steps done, steps in all
    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class OpenedRegistry:
    """A registry without errors, and the warnings it raised.

    Parameters
    ----------
    registry : Registry
        The registry.
    warnings : tuple of Failure
        Warnings of its checks.
    read : ReadRegistry, optional
        The registry at every stage of its reading; None for one that was read before.
    """

    registry: Registry
    warnings: tuple[Failure, ...]
    read: ReadRegistry | None = None


def no_progress(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def mapping_name(mapping: str | Path | RegistryMapping | None) -> str | None:
    """Return the name of a mapping that was asked for, without the folder its file lies in.

    Parameters
    ----------
    mapping : str, pathlib.Path or Mapping, optional
        What was asked for.

    Returns
    -------
    str or None
        The name; ``?`` of a mapping that is no file, None of none.
    """
    if mapping is None:
        return None
    return Path(mapping).name if isinstance(mapping, str | Path) else "?"


def open_registry(
    source: str | Path | Registry,
    mapping: str | Path | RegistryMapping | None = None,
    *,
    dictionary: Dictionary | None = None,
    scoring: bool = False,
) -> OpenedRegistry:
    """Read a registry and refuse one with errors.

    Parameters
    ----------
    source : str or pathlib.Path or Registry
        Folder, file, workbook, URL of a database, or a registry read before.
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign registry's columns become ours.
    dictionary : Dictionary, optional
        Dictionary to read it by, such as that of a bundle.
    scoring : bool
        Whether outcomes are not needed.

    Returns
    -------
    OpenedRegistry
        Registry and warnings.

    Raises
    ------
    InputError
        The registry has errors; all are listed.
    """
    if isinstance(source, Registry):
        return OpenedRegistry(source, ())
    read = read_for_screening(source, mapping=mapping, dictionary=dictionary, scoring=scoring)
    require_clean(read.failures)
    # Whoever awaits a risk is told of each rare value; a registry always has some.
    told = {"warning", "note"} if scoring else {"warning"}
    told_of = tuple(failure for failure in read.failures if failure.severity in told)
    return OpenedRegistry(read.registry, told_of, read)


def open_for(
    bundle: Bundle,
    source: str | Path | Registry,
    mapping: str | Path | RegistryMapping | None = None,
    *,
    scoring: bool = False,
) -> OpenedRegistry:
    """Read a registry for a bundle, and refuse one that codes a predictor otherwise.

    Parameters
    ----------
    bundle : Bundle
        The bundle.
    source : str, pathlib.Path or Registry
        Folder, file, workbook, URL of a database, or a registry read before.
    mapping : str, pathlib.Path or Mapping, optional
        How a foreign registry's columns become ours.
    scoring : bool
        Whether outcomes are not needed.

    Returns
    -------
    OpenedRegistry
        Registry and warnings.

    Raises
    ------
    InputError
        The registry has errors, or codes, levels or units differ from the bundle's.
    """
    dictionary = bundle.dictionary if mapping is None else None
    opened = open_registry(source, mapping, dictionary=dictionary, scoring=scoring)
    clashes = code_clashes(bundle.dictionary, opened.registry.dictionary)
    if clashes:
        raise InputError(clashes)
    return opened


def code_clashes(ours: Dictionary, theirs: Dictionary) -> list[Failure]:
    """Find predictors that a registry and a bundle code differently.

    Parameters
    ----------
    ours, theirs : Dictionary
        Dictionaries of the bundle and of the registry.

    Returns
    -------
    list of Failure
        Errors ``code_mismatch``: another table, kind, unit or list of levels.
    """
    return [
        Failure(p.table, None, p.name, None, "code_mismatch", _clash(p, theirs[p.name]))
        for p in ours.predictors
        if p.name in theirs and _coding(p) != _coding(theirs[p.name])
    ]


def _coding(predictor: Predictor) -> tuple[object, ...]:
    return predictor.table, predictor.kind, predictor.unit, predictor.levels


def _clash(ours: Predictor, theirs: Predictor) -> str:
    return f"is {_coding(theirs)} in the registry, but the bundle was trained on {_coding(ours)}"


def choose_endpoints(
    names: Sequence[str | Path | Endpoint] | None, registry: Registry
) -> tuple[Endpoint, ...]:
    """Return the endpoints asked for, or by default those the registry has data for.

    Parameters
    ----------
    names : sequence of str, pathlib.Path or Endpoint, or None
        Endpoint configurations; None for the default.
    registry : Registry
        The registry.

    Returns
    -------
    tuple of Endpoint
        Endpoints with different names.
    """
    own = {endpoint.name: endpoint for endpoint in registry.own_endpoints}
    there = dict.fromkeys((*DEFAULT_ENDPOINTS, *own))
    wanted = names or [name for name in there if _has_data(registry, name)]
    found = [_named_endpoint(name, own) for name in wanted]
    if not found:
        raise ConfigError(
            "the registry holds no outcome: no visits, films, events or coded outcome"
        )
    found = [as_recorded(endpoint, registry) for endpoint in found]
    twice = {e.name for e in found if sum(e.name == other.name for other in found) > 1}
    if twice:
        raise ConfigError(f"endpoints asked for twice: {', '.join(sorted(twice))}")
    return tuple(found)


def _named_endpoint(name: str | Path | Endpoint, own: dict[str, Endpoint]) -> Endpoint:
    if isinstance(name, Endpoint):
        return name
    if str(name) in own:
        return own[str(name)]
    try:
        return load_endpoint(name)
    except ConfigError as error:
        if not own:
            raise
        text = f"{error}; the mapping defines {', '.join(own)}"
        raise ConfigError(text) from error


def as_recorded(endpoint: Endpoint, registry: Registry) -> Endpoint:
    """Return the endpoint as this registry has it, so that its definition tells the truth.

    Parameters
    ----------
    endpoint : Endpoint
        The endpoint asked for.
    registry : Registry
        A registry whose mapping may take all episodes, or whose outcome may be coded already.

    Returns
    -------
    Endpoint
        The endpoint with the population, the kind of outcome and the label in force.
    """
    population = () if registry.all_episodes else endpoint.population
    outcomes = registry.outcomes
    if outcomes is not None and bool((outcomes["endpoint"] == endpoint.name).any()):
        labels = {own.name: own.label for own in registry.own_endpoints}
        return Endpoint(
            name=endpoint.name, label=labels.get(endpoint.name, endpoint.label), kind="coded",
            population=population,
            horizon_days=endpoint.horizon_days, weight_covariates=endpoint.weight_covariates,
        )  # fmt: skip
    return endpoint.model_copy(update={"population": population})


def build_cohorts(
    registry: Registry, endpoints: Sequence[Endpoint], *, strict: bool
) -> tuple[dict[str, Cohort], dict[str, str]]:
    """Return the cohort of each endpoint by its name, and the endpoints that have none.

    Parameters
    ----------
    registry : Registry
        The registry.
    endpoints : sequence of Endpoint
        The endpoints.
    strict : bool
        Whether an endpoint without a cohort is an error.

    Returns
    -------
    cohorts : dict of str to Cohort
        Cohorts.
    refused : dict of str to str
        The other endpoints, and why.

    Raises
    ------
    TrainingError
        An endpoint has no cohort, and `strict`.
    """
    cohorts: dict[str, Cohort] = {}
    refused: dict[str, str] = {}
    for endpoint in endpoints:
        try:
            cohorts[endpoint.name] = build_cohort(registry, endpoint)
        except TrainingError as error:
            if strict:
                raise
            refused[endpoint.name] = str(error)
    return cohorts, refused


def has_procedure_values(registry: Registry) -> bool:
    """Return whether anything known only from the procedure is recorded."""
    tables = {"episodes": registry.episodes, "vertebrae": registry.vertebrae}
    return any(
        bool(tables[p.table][p.name].notna().any())
        for p in registry.dictionary.predictors
        if p.known_at == "procedure" and p.name in tables[p.table]
    )


def _has_data(registry: Registry, endpoint: str) -> bool:
    if registry.outcomes is not None and len(registry.outcomes):
        return bool((registry.outcomes["endpoint"] == endpoint).any())
    table = {"response": registry.visits, "height_loss": registry.heights}
    if endpoint in table:
        return len(table[endpoint]) > 0
    return len(registry.events) > 0
