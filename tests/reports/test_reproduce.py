from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
import typer

from tests.reports.test_limitations import changed
from vfprog.cli.app import build_app
from vfprog.models.settings import TrainingSettings
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


@pytest.mark.slow
def test_a_training_keeps_what_was_asked_for(trained):
    assert trained.provenance["asked"] == ASKED
    assert "--mapping" not in commands(trained)[0]
    assert "--folds" in commands(trained)[0]
    assert replace(trained).provenance["resamples"] == 3
