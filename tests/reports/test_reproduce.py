from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
import typer

from tests.reports.test_limitations import changed
from vfprog.cli.app import build_app
from vfprog.models.settings import TrainingSettings
from vfprog.reports.origin import UNKNOWN, origin_facts
from vfprog.reports.reproduce import commands, remarks

PLAIN = TrainingSettings().model_dump(mode="json")
ASKED = {"mapping": None, "endpoints": None}


def told(bare, settings=(), **provenance):
    given = {"settings": PLAIN | dict(settings), "asked": ASKED, "resamples": 40, "seed": 1}
    return changed(bare, **(given | provenance))


def test_a_plain_training_needs_no_option(bare):
    evidence = told(bare)
    name = bare.bundle.identity.name
    assert commands(evidence) == [
        f"vfprog train REGISTRY --out BUNDLE --resamples 40 --seed 1 --name {name}",
        "vfprog report BUNDLE --out report.html",
    ]
    assert remarks(evidence) == []


def test_every_option_that_was_used_stands_in_the_command(bare):
    asked = {"mapping": "my map.yaml", "endpoints": ["response", "own.yaml"]}
    own = {"outer_folds": 5, "outer_repeats": 3, "imputations": 4, "internal_external": False,
           "temporal_from": "2021-01-01", "copies": 2}  # fmt: skip
    evidence = told(bare, own, asked=asked, seed=7)
    line = commands(evidence)[0]
    for part in ("--mapping 'my map.yaml'", "--endpoint response --endpoint own.yaml", "--folds 5",
                 "--repeats 3", "--imputations 4", "--no-internal-external",
                 "--temporal-from 2021-01-01", "--seed 7"):  # fmt: skip
        assert part in line
    assert "copies" not in line
    assert remarks(evidence) == [
        "Set in configs/training.yaml, as no option does: copies; their values are below."
    ]
    options = typer.main.get_command(build_app(["train"])).commands["train"].params
    known = {name for option in options for name in (*option.opts, *option.secondary_opts)}
    assert {word for word in shlex.split(line) if word.startswith("--")} <= known


def test_what_an_older_bundle_does_not_tell_is_said(bare):
    evidence = changed(bare)
    assert "--mapping ?" in commands(evidence)[0]
    assert "does not tell whether a mapping was used" in remarks(evidence)[0]


def renewed(bare, **provenance):
    """A bundle whose manifest says that it was updated."""
    evidence = changed(bare, seed=3, **provenance)
    evidence.bundle.manifest["lineage"].append({"version": "1", "change": "x"})
    assert evidence.updated
    return evidence


def test_the_command_of_an_update_has_its_options(bare):
    asked = {"mapping": "m.yaml", "alpha": 0.2, "refit": False, "resamples": 40,
             "other_population": True}  # fmt: skip
    evidence = renewed(bare, asked=asked)
    line = commands(evidence)[0]
    assert line == ("vfprog update PARENT REGISTRY --out BUNDLE --mapping m.yaml --alpha 0.2 "
                    "--no-refit --other-population --seed 3")  # fmt: skip
    plain = {"mapping": None, "alpha": 0.05, "refit": True, "resamples": 60,
             "other_population": False}  # fmt: skip
    refit = commands(renewed(bare, asked=plain))[0]
    assert refit.endswith("--out BUNDLE --alpha 0.05 --resamples 60 --seed 3")
    options = typer.main.get_command(build_app(["update"])).commands["update"].params
    known = {name for option in options for name in (*option.opts, *option.secondary_opts)}
    assert {w for w in shlex.split(line + refit) if w.startswith("--")} <= known
    assert len(remarks(evidence)) == 1
    told = origin_facts(evidence)
    assert (told["alpha"], told["refit_rule"]) == ("0.2", "no refit was considered")


def test_an_update_of_before_does_not_tell_its_level(bare):
    evidence = renewed(bare)
    assert "--mapping ? --alpha ?" in commands(evidence)[0]
    assert remarks(evidence)[-1].endswith("nor the level of the tests.")
    assert origin_facts(evidence)["alpha"] == UNKNOWN


@pytest.mark.slow
def test_a_training_keeps_what_was_asked_for(trained):
    assert trained.provenance["asked"] == ASKED
    assert "--mapping" not in commands(trained)[0]
    assert "--folds" in commands(trained)[0]
    assert replace(trained).provenance["resamples"] == 3
