"""Which features a dictionary gives, worked out once per dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from vfprog.errors import ConfigError
from vfprog.features.clinical import DERIVATIONS, REPLACED
from vfprog.features.feature import Feature
from vfprog.features.same import Same

if TYPE_CHECKING:
    from vfprog.features.clinical import Derivation
    from vfprog.features.feature import FeatureKind, KnownAt
    from vfprog.schema.dictionary import Dictionary, Predictor

# A nominal predictor with the level codes and names of its one-hot features.
OneHot = tuple[str, tuple[tuple[float, str], ...]]


@dataclass(frozen=True)
class FeaturePlan:
    """Features of a dictionary and how the generic ones are computed.

    Parameters
    ----------
    features : tuple of Feature
        All features.
    names : frozenset of str
        Their names.
    plain : tuple of str
        Episode predictors that are features as they are.
    nominal : tuple
        Nominal episode predictors with the features of their levels.
    numeric : tuple of (str, bool)
        Vertebra-level numbers and ordered levels, and whether their mean is wanted.
    binary : tuple of str
        Vertebra-level binary predictors.
    hot : tuple
        Nominal vertebra-level predictors with the features of their levels.
    """

    features: tuple[Feature, ...]
    names: frozenset[str]
    plain: tuple[str, ...]
    nominal: tuple[OneHot, ...]
    numeric: tuple[tuple[str, bool], ...]
    binary: tuple[str, ...]
    hot: tuple[OneHot, ...]


def feature_plan(dictionary: Dictionary) -> FeaturePlan:
    """Return the plan of a dictionary, kept for as long as the same object is asked for.

    Parameters
    ----------
    dictionary : Dictionary
        All predictors.

    Returns
    -------
    FeaturePlan
        The plan.

    Raises
    ------
    ConfigError
        Two features have the same name.
    """
    return _cached_plan(Same(dictionary))


@lru_cache(maxsize=16)
def _cached_plan(key: Same) -> FeaturePlan:
    dictionary: Any = key.things[0]
    usable = dictionary.usable_at("postprocedure")
    generic = [p for p in usable if p.name not in REPLACED]
    episode = [p for p in generic if p.table == "episodes"]
    spine = [p for p in generic if p.table == "vertebrae"]
    features = _features(generic, usable)
    return FeaturePlan(
        features=features,
        names=frozenset(f.name for f in features),
        plain=tuple(p.name for p in episode if p.kind != "nominal"),
        nominal=tuple((p.name, _hot_names(p)) for p in episode if p.kind == "nominal"),
        numeric=tuple((p.name, p.is_numeric) for p in spine if p.is_numeric or p.kind == "ordinal"),
        binary=tuple(p.name for p in spine if p.kind == "binary"),
        hot=tuple((p.name, _hot_names(p)) for p in spine if p.kind == "nominal"),
    )


def _features(generic: list[Predictor], usable: tuple[Predictor, ...]) -> tuple[Feature, ...]:
    by_name = {p.name: p for p in usable}
    features = [feature for predictor in generic for feature in _generic(predictor)]
    features += [_clinical(d, by_name) for d in DERIVATIONS if by_name.keys() >= set(d.parents)]
    names = [feature.name for feature in features]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"predictors have the names of derived features; rename them: {twice}")
    return tuple(features)


def _generic(predictor: Predictor) -> list[Feature]:
    spine = predictor.table == "vertebrae"
    name, label = predictor.name, predictor.label
    if predictor.kind == "nominal":
        return _levels(predictor)
    if predictor.kind == "binary":
        return [
            _feature(predictor, f"{name}_any", f"{label} (any vertebra)", "binary")
            if spine
            else _feature(predictor, name, label, "binary")
        ]
    if not spine:
        return [_feature(predictor, name, label, "continuous")]
    features = [_feature(predictor, f"{name}_max", f"{label} (largest)", "continuous")]
    if predictor.is_numeric:
        features.append(_feature(predictor, f"{name}_mean", f"{label} (mean)", "continuous"))
    return features


def _levels(predictor: Predictor) -> list[Feature]:
    # A sign on several unordered levels has no meaning for one of them; on two it has.
    direction = 1 if len(predictor.levels) == 2 else 0
    names = [name for _, name in _hot_names(predictor)]
    labels = [f"{predictor.label}: {level}" for level in predictor.levels[1:]]
    return [
        _feature(predictor, name, label, "binary", direction)
        for name, label in zip(names, labels, strict=True)
    ]


def _hot_names(predictor: Predictor) -> tuple[tuple[float, str], ...]:
    stem = f"{predictor.name}_any" if predictor.table == "vertebrae" else predictor.name
    return tuple(
        (float(code), f"{stem}={level}") for code, level in enumerate(predictor.levels) if code
    )


def _feature(
    predictor: Predictor, name: str, label: str, kind: FeatureKind, direction: int = 1
) -> Feature:
    return Feature(
        name=name,
        label=label,
        kind=kind,
        parents=(predictor.name,),
        concept=predictor.concept,
        known_at=_known_at([predictor]),
        monotone=_signs(predictor, direction),
    )


def _clinical(derivation: Derivation, by_name: dict[str, Predictor]) -> Feature:
    parents = [by_name[name] for name in derivation.parents]
    single = len(parents) == 1
    return Feature(
        name=derivation.name,
        label=derivation.label,
        kind=derivation.kind,
        parents=derivation.parents,
        concept=parents[0].concept,
        known_at=_known_at(parents),
        monotone=_signs(parents[0], derivation.direction if single else 0),
    )


def _known_at(parents: list[Predictor]) -> KnownAt:
    late = any(parent.known_at == "procedure" for parent in parents)
    return "procedure" if late else "preprocedure"


def _signs(predictor: Predictor, direction: int) -> tuple[tuple[str, int], ...]:
    if not direction:
        return ()
    return tuple((endpoint, sign * direction) for endpoint, sign in predictor.monotone.items())
