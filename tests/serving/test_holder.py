from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.bundles import PATIENT, hand_bundle, hand_parts
from vfprog.errors import BundleError
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import write_bundle
from vfprog.scoring.predict import predict
from vfprog.serving import holder as holder_module
from vfprog.serving.holder import FolderSource, Holder


def write(folder: Path, version: str, *, a: float = 0.0) -> Path:
    """Write a bundle of one model whose risks move with `a`."""
    parts = hand_parts(members=False)
    model = parts.models["response_preprocedure"]
    changed = replace(model, blend=replace(model.blend, a=a))
    parts = replace(parts, version=version, models={model.name: changed})
    return write_bundle(parts, folder, force=True)


def risk(bundle) -> float:
    return predict(bundle, PATIENT)["response"].risk


def test_a_new_version_takes_over_and_the_old_one_goes_on_for_who_holds_it(tmp_path: Path) -> None:
    holder = Holder(FolderSource(write(tmp_path / "b", "1")))
    old = holder.served
    before = risk(old.bundle)
    assert not holder.refresh()
    write(tmp_path / "b", "2", a=1.0)
    assert holder.refresh()
    assert holder.served.bundle.identity.version == "2"
    assert risk(holder.served.bundle) > before == risk(old.bundle)
    assert not holder.refresh()


def test_a_broken_version_is_refused_until_it_is_mended(tmp_path: Path) -> None:
    holder = Holder(FolderSource(write(tmp_path / "b", "1")))
    write(tmp_path / "b", "2", a=1.0)
    file = tmp_path / "b" / "models" / "response_preprocedure.npz"
    whole = file.read_bytes()
    file.write_bytes(whole + b"x")
    assert not holder.refresh()
    assert "was altered" in holder.refused
    assert holder.served.bundle.identity.version == "1"
    file.write_bytes(whole)  # the manifest has not changed since
    assert holder.refresh()
    assert (holder.refused, holder.served.bundle.identity.version) == (None, "2")


def test_a_folder_that_has_gone_is_no_end(tmp_path: Path) -> None:
    folder = write(tmp_path / "b", "1")
    holder = Holder(FolderSource(folder))
    shutil.move(folder, tmp_path / "away")
    assert not holder.refresh()
    assert "is no vfprog bundle" in holder.refused
    shutil.move(tmp_path / "away", folder)
    assert not holder.refresh()
    assert holder.refused is None


def test_a_model_that_gives_no_probability_is_refused(tmp_path: Path) -> None:
    parts = hand_parts(members=False)
    model = parts.models["response_preprocedure"]
    encoding = replace(model.linear.encoding, fill=np.full(len(model.features), np.nan))
    broken = replace(model, linear=replace(model.linear, encoding=encoding))
    folder = hand_bundle(tmp_path / "whole")
    loaded = load_bundle(folder)
    loaded._models[model.name] = broken
    with pytest.raises(BundleError, match="response_preprocedure gives no probability"):
        Holder(loaded)


def test_the_first_bundle_must_be_good(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is no vfprog bundle"):
        Holder(FolderSource(tmp_path))


def test_a_bundle_that_is_loaded_already_stays(bundle) -> None:
    holder = Holder(bundle)
    holder.wake()
    assert not holder.refresh()
    assert holder.served.bundle is bundle


def test_what_is_made_of_a_bundle_is_made_once(bundle) -> None:
    served = Holder(bundle).served
    made = [served.once("x", lambda b: object()) for _ in range(2)]
    assert made[0] is made[1]


@pytest.mark.parametrize("entry", ["reference", "subgroups"])
def test_a_manifest_that_cannot_answer_is_refused(tmp_path: Path, entry: str) -> None:
    folder = write(tmp_path / "b", "1")
    holder = Holder(FolderSource(folder))
    write(folder, "2", a=1.0)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {entry: {"nonsense": 7}}))
    assert not holder.refresh()
    assert holder.served.bundle.identity.version == "1"
    assert holder.refused


def test_a_bundle_is_tried_with_every_part_of_an_answer(bundle, monkeypatch) -> None:
    def fail(given, patient):
        if "vertebrae" in patient:
            raise KeyError("coverage")
        return predict(given, patient)

    monkeypatch.setattr(holder_module, "predict", fail)
    with pytest.raises(BundleError, match="all inputs before the procedure gets no answer: KeyErr"):
        Holder(bundle)


def test_a_manifest_that_is_too_deep_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "b", "1")
    holder = Holder(FolderSource(folder))
    (folder / "manifest.json").write_text("[" * 100_000)
    assert not holder.refresh()
    assert "is no vfprog bundle" in holder.refused
