"""What the page knows of a bundle: its form, group by group, and the words and rules behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vfprog.schema.dictionary import Predictor
    from vfprog.scoring.bundle import Bundle

# How clinicians group what the dictionary groups by concept. A concept that stands nowhere here,
# such as one a registry added, is a group of its own; what only the procedure tells comes last.
LAYOUT = {
    "patient": ("frailty", "bone"),
    "fracture": ("fracture",),
    "pain": ("pain",),
    "alignment": ("alignment",),
}
PROCEDURE = "procedure"
# As many levels as fit beside each other on a phone; more become a list to choose from.
_MOST_CHOICES = 2
# Units of features of two parents, by the end of their names.
_UNITS = {"deg": "degrees", "mm": "mm", "ml": "ml", "pct": "%", "days": "days", "years": "years"}


@dataclass(frozen=True)
class Field:
    """One input of the form.

    Parameters
    ----------
    name : str
        Predictor.
    label : str
        Words for people.
    control : {"number", "radio", "list"}
        How it is asked for.
    unit : str
        Unit for people; empty without one.
    levels : tuple of (str, str)
        Value and words of each level; of a binary predictor, of yes and no.
    used : bool
        Whether a model of the bundle uses it.
    """

    name: str
    label: str
    control: str
    unit: str
    levels: tuple[tuple[str, str], ...]
    used: bool


@dataclass(frozen=True)
class Group:
    """Inputs that belong together.

    Parameters
    ----------
    name : str
        Stable name.
    title : str
        Words for people.
    episode : tuple of Field
        Asked once.
    vertebra : tuple of Field
        Asked for each vertebra.
    """

    name: str
    title: str
    episode: tuple[Field, ...]
    vertebra: tuple[Field, ...]


def form_groups(bundle: Bundle, texts: Mapping[str, str]) -> tuple[Group, ...]:
    """Return the form of a bundle, in the order in which it is filled in.

    Parameters
    ----------
    bundle : Bundle
        Its dictionary decides what is asked; nothing else does.
    texts : mapping of str to str
        Texts by key, see `load_texts`.

    Returns
    -------
    tuple of Group
        Groups that have an input; the procedure is the last.
    """
    asked: dict[str, list[Predictor]] = {name: [] for name in LAYOUT}
    for predictor in bundle.dictionary.predictors:
        if predictor.known_at != "follow_up":
            asked.setdefault(_group(predictor), []).append(predictor)
    last = asked.pop(PROCEDURE, [])
    used = bundle.counted
    return tuple(
        Group(
            name,
            texts.get(f"groups.{name}") or _concept(bundle, name, texts),
            _fields((p for p in members if p.table == "episodes"), used, texts),
            _fields((p for p in members if p.table == "vertebrae"), used, texts),
        )
        for name, members in [*asked.items(), (PROCEDURE, last)]
        if members
    )


def page_data(bundle: Bundle, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return what the scripts of the page need: rules, words, ranges of the sliders.

    Parameters
    ----------
    bundle : Bundle
        The bundle that answers.
    texts : mapping of str to str
        Texts by key.

    Returns
    -------
    dict
        JSON-ready; holds no patient's values.
    """
    identity, used = bundle.identity, bundle.counted
    return {
        "model": {"version": identity.version, "sha256": identity.sha256},
        "simulated": bundle.simulated,
        "predictors": {
            p.name: {
                "label": _label(bundle, p.name, texts),
                "unit": _unit(p.unit, texts),
                "kind": p.kind,
                "table": p.table,
                "hard_range": p.hard_range,
                "usual_range": p.usual_range,
                "levels": [] if p.kind == "binary" else _levels(p, texts),
                "procedure": p.known_at == PROCEDURE,
                "used": p.name in used,
                "slider": _slider(p, bundle.manifest["reference"].get(p.name)),
            }
            for p in bundle.dictionary.predictors
        },
        "features": _features(bundle, texts),
        "endpoints": {
            name: _label_of(rule.label, name, texts) for name, rule in bundle.rules.items()
        },
        "texts": dict(texts),
    }


def _group(predictor: Predictor) -> str:
    if predictor.known_at == PROCEDURE:
        return PROCEDURE
    for name, concepts in LAYOUT.items():
        if predictor.concept in concepts:
            return name
    # A concept of the procedure known before it does not switch the models, so stands apart.
    return predictor.concept if predictor.concept != PROCEDURE else "before_procedure"


def _fields(
    predictors: Iterable[Predictor], used: frozenset[str], texts: Mapping[str, str]
) -> tuple[Field, ...]:
    return tuple(
        Field(
            p.name,
            _label_of(p.label, p.name, texts),
            _control(p),
            _unit(p.unit, texts),
            _levels(p, texts),
            p.name in used,
        )
        for p in predictors
    )


def _control(predictor: Predictor) -> str:
    if predictor.is_numeric:
        return "number"
    return "radio" if len(predictor.levels) <= _MOST_CHOICES else "list"


def _levels(predictor: Predictor, texts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    if predictor.kind == "binary":
        return (("true", texts["form.yes"]), ("false", texts["form.no"]))
    return tuple((level, _level(level, texts)) for level in predictor.levels)


def _slider(predictor: Predictor, reference: Mapping[str, Any] | None) -> list[float] | None:
    """Return lowest, highest and step: where nearly all of the development patients lie.

    Beyond them the model extrapolates, and a slider would invite to believe it.
    """
    if not predictor.is_numeric or predictor.hard_range is None:
        return None
    kept = (reference or {}).get("quantiles")
    low, high = (kept[0][1], kept[-1][1]) if kept else predictor.usual_range or predictor.hard_range
    step = 1.0 if predictor.kind == "count" or high - low > 20 else 0.1
    first, last = round(low / step) * step, round(high / step) * step
    return [round(first, 6), round(last, 6), step] if last > first else None


def _features(bundle: Bundle, texts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return label and unit of the features of two parents: they have lines of their own."""
    specs = bundle.manifest["models"].values()
    names = {f["name"] for spec in specs for f in spec["features"] if len(f["parents"]) > 1}
    return {
        name: {
            "label": _label(bundle, name, texts),
            "unit": _unit(_UNITS.get(name.rsplit("_", 1)[-1]), texts),
        }
        for name in sorted(names)
    }


def _label(bundle: Bundle, name: str, texts: Mapping[str, str]) -> str:
    return _label_of(bundle.label(name), name, texts)


def _label_of(label: str, name: str, texts: Mapping[str, str]) -> str:
    return texts.get(f"words.{name}", label)


def _concept(bundle: Bundle, name: str, texts: Mapping[str, str]) -> str:
    words = bundle.dictionary.concepts.get(name, name.replace("_", " "))
    return texts.get(f"words.{name}", words[:1].upper() + words[1:])


def _unit(unit: str | None, texts: Mapping[str, str]) -> str:
    return texts.get(f"units.{unit}", unit) if unit else ""


def _level(level: str, texts: Mapping[str, str]) -> str:
    words = texts.get(f"levels.{level}", level)
    return words[:1].upper() + words[1:]
