from __future__ import annotations

import hashlib
import io
import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.bundles import hand_bundle, hand_parts
from tests.scoring.models import random_parts
from vfprog.errors import BundleError
from vfprog.scoring import bundle_writer as bundle_code
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.bundle_writer import check_free, write_bundle
from vfprog.scoring.manifest import seal

MODEL = "models/response_preprocedure.npz"


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def forge(folder, name, content):
    """Put other content into a file and the hashes that go with it into the manifest."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_bytes(seal(manifest))


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


# --- round trip


def test_a_bundle_comes_back_as_it_was(tmp_path):
    parts = random_parts(3, members=2)
    loaded = load_bundle(write_bundle(parts, tmp_path / "deep" / "er" / "bundle"))
    assert loaded.model_names == tuple(parts.models)
    assert loaded.endpoints == {
        "response": ("preprocedure", "postprocedure"),
        "height_loss": ("preprocedure", "postprocedure"),
        "new_fracture": ("preprocedure", "postprocedure"),
    }
    assert loaded.dictionary == parts.dictionary
    assert not loaded.simulated
    assert loaded.identity.trained_on == "registry"
    for name, model in parts.models.items():
        X = np.random.default_rng(0).uniform(0, 50, (3, len(model.features)))
        assert loaded.model(name).log_odds(X).tolist() == model.log_odds(X).tolist()
        members = loaded.members(name)
        assert members.log_odds(X[0]).tolist() == parts.members[name].log_odds(X[0]).tolist()
        assert loaded.booster(name) is None
        assert loaded.model(name) is loaded.model(name)


def test_extras_come_back_as_they_were(tmp_path):
    parts = replace(
        hand_parts(members=False),
        boosters={"response_preprocedure": b"{}"},
        performance=[{"metric": "c_statistic", "estimate": 0.7}],
        provenance={"source": "Pérez"},
    )
    loaded = load_bundle(write_bundle(parts, tmp_path / "b"))
    assert loaded.booster("response_preprocedure") == b"{}"
    assert loaded.booster("response_postprocedure") is None
    assert loaded.members("response_preprocedure") is None
    assert loaded.manifest["performance"] == parts.performance
    assert loaded.manifest["provenance"] == parts.provenance


def test_the_same_parts_give_the_same_files(tmp_path):
    first, second = hand_bundle(tmp_path / "1"), hand_bundle(tmp_path / "2")
    assert contents(first).keys() == contents(second).keys()
    assert (first / "manifest.json").read_bytes() == (second / "manifest.json").read_bytes()


def test_labels_are_those_of_predictors_and_two_parent_features(hand):
    assert hand.label("age_years") == "Age"
    assert hand.label("pi_ll_mismatch_deg") == "PI-LL mismatch"
    assert hand.label("no_such_thing") == "no_such_thing"


def test_an_unknown_model_is_refused(hand):
    with pytest.raises(BundleError, match=r"no model 'death_preprocedure'.*response_preproc"):
        hand.model("death_preprocedure")


# --- what is damaged or crafted


def test_no_object_is_ever_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "exploded",))

    folder = hand_bundle(tmp_path / "b")
    objects = np.empty(1, dtype=object)
    objects[0] = Bomb()
    bare = io.BytesIO()
    np.save(bare, objects)
    for content in (npz(tree_fill=objects), bare.getvalue(), pickle.dumps(Bomb())):
        forge(folder, MODEL, content)
        loaded = load_bundle(folder)
        with pytest.raises(BundleError, match=r"models/response_preprocedure\.npz is damaged"):
            loaded.model("response_preprocedure")
    assert not (tmp_path / "exploded").exists()


def plain_array():
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"nonsense", npz(), npz(tree_fill=np.zeros(3)), plain_array()]
)
@pytest.mark.parametrize("kind", ["models", "members"])
def test_files_that_are_no_numbers_of_the_model_are_refused(tmp_path, kind, content):
    folder = hand_bundle(tmp_path / "b")
    forge(folder, f"{kind}/response_preprocedure.npz", content)
    loaded = load_bundle(folder)
    unpack = loaded.model if kind == "models" else loaded.members
    with pytest.raises(BundleError):
        unpack("response_preprocedure")


def test_a_truncated_archive_is_refused(tmp_path):
    folder = hand_bundle(tmp_path / "b")
    content = (folder / MODEL).read_bytes()
    forge(folder, MODEL, content[: len(content) // 2])
    with pytest.raises(BundleError, match="damaged"):
        load_bundle(folder).model("response_preprocedure")


def test_numbers_of_another_model_are_refused(tmp_path):
    folder = hand_bundle(tmp_path / "b")
    forge(folder, MODEL, (folder / "models" / "response_postprocedure.npz").read_bytes())
    with pytest.raises(BundleError, match=r"features|shape"):
        load_bundle(folder).model("response_preprocedure")


# --- writing


def test_an_existing_bundle_is_not_overwritten_unless_forced(tmp_path):
    folder = hand_bundle(tmp_path / "b")
    before = contents(folder)
    with pytest.raises(BundleError, match="exists; choose another place or give --force"):
        write_bundle(hand_parts(simulated=False), folder)
    assert contents(folder) == before
    write_bundle(hand_parts(simulated=False, members=False), folder, force=True)
    assert not load_bundle(folder).simulated
    assert not (folder / "members").exists()  # replaced, not merged
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("name", ["thesis.txt", "manifest.json"])
def test_force_never_replaces_what_is_no_bundle(tmp_path, name):
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / name).write_text('{"manifest_version": 3}')
    with pytest.raises(BundleError, match="is no bundle; it is not replaced even with --force"):
        write_bundle(hand_parts(), folder, force=True)
    assert (folder / name).read_text() == '{"manifest_version": 3}'


def test_force_never_replaces_a_file(tmp_path):
    (tmp_path / "b").write_text("mine")
    with pytest.raises(BundleError, match="is no bundle"):
        write_bundle(hand_parts(), tmp_path / "b", force=True)
    assert (tmp_path / "b").read_text() == "mine"


def test_an_empty_folder_is_taken_only_when_forced(tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(BundleError, match="exists"):
        check_free(tmp_path / "b", force=False)
    assert load_bundle(write_bundle(hand_parts(), tmp_path / "b", force=True)).simulated


def test_a_free_place_is_free(tmp_path):
    check_free(tmp_path / "nothing", force=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("exists", [False, True])
def test_a_failure_while_describing_leaves_nothing_behind(tmp_path, exists):
    folder = hand_bundle(tmp_path / "b") if exists else tmp_path / "b"
    before = contents(tmp_path)
    unwritable = replace(hand_parts(), performance=[{"estimate": float("nan")}])
    with pytest.raises(ValueError, match="JSON compliant"):
        write_bundle(unwritable, folder, force=True)
    assert contents(tmp_path) == before
    assert folder.exists() == exists


@pytest.mark.parametrize("exists", [False, True])
def test_a_failure_while_writing_leaves_nothing_behind(tmp_path, monkeypatch, exists):
    folder = hand_bundle(tmp_path / "b") if exists else tmp_path / "b"
    before = contents(tmp_path)

    def full(beside, place):
        assert (beside / "manifest.json").is_file()
        assert contents(tmp_path).keys() >= before.keys()
        raise OSError("no space left on device")

    monkeypatch.setattr(bundle_code, "_put_in_place", full)
    with pytest.raises(OSError, match="no space left"):
        write_bundle(hand_parts(), folder, force=True)
    assert contents(tmp_path) == before
    assert folder.exists() == exists


def test_what_an_interrupted_writing_left_is_cleared_away(tmp_path):
    stale = tmp_path / ".b.part" / "models"
    stale.mkdir(parents=True)
    (stale / "stale.npz").write_bytes(b"")
    folder = hand_bundle(tmp_path / "b")
    assert not (folder / "models" / "stale.npz").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


def test_tables_come_back_as_they_were_kept(tmp_path):
    parts = replace(hand_parts(), tables={"flow": {"step": ["all"], "n": [3]}})
    bundle = load_bundle(write_bundle(parts, tmp_path / "b"))
    assert bundle.table_names == ("flow",)
    assert bundle.table("flow") == {"step": ["all"], "n": [3]}
    with pytest.raises(BundleError, match="no table 'flows' in the bundle"):
        bundle.table("flows")


def test_a_table_that_was_altered_is_refused(tmp_path):
    parts = replace(hand_parts(), tables={"flow": {"n": [3]}})
    folder = write_bundle(parts, tmp_path / "b")
    (folder / "tables" / "flow.json").write_text('{"n": [4]}')
    bundle = load_bundle(folder)  # no prediction needs a table
    with pytest.raises(BundleError, match=r"tables/flow\.json was altered"):
        bundle.table("flow")
