from __future__ import annotations

import hashlib
import json

import pytest

from tests.bundles import hand_bundle
from vfprog.errors import BundleError
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.manifest import MANIFEST, is_bundle, read_files, read_manifest


@pytest.fixture
def folder(tmp_path):
    return hand_bundle(tmp_path / "b")


def rewrite(folder, **changes):
    """Change entries of a manifest; None takes one away."""
    manifest = json.loads((folder / MANIFEST).read_text()) | changes
    manifest = {name: value for name, value in manifest.items() if value is not None}
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_the_digest_is_that_of_the_file(folder):
    manifest, raw = read_manifest(folder)
    assert raw == (folder / MANIFEST).read_bytes()
    assert load_bundle(folder).identity.sha256 == hashlib.sha256(raw).hexdigest()
    files = read_files(folder, manifest)
    assert files.keys() == manifest["files"].keys()
    assert all(files[name] == (folder / name).read_bytes() for name in files)


@pytest.mark.parametrize("version", [None, 0, 1, 3, "2", True, 2.0, [2]])
def test_an_unknown_format_is_refused(folder, version):
    rewrite(folder, format_version=version)
    with pytest.raises(BundleError, match=r"bundle format .* is unknown, expected 2"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "name",
    ["name", "version", "simulated", "schema_hash", "provenance", "performance", "models",
     "dictionary", "reference", "subgroups", "typicality", "lineage", "files"],
)  # fmt: skip
@pytest.mark.parametrize("value", [None, 7])
def test_an_entry_missing_or_of_another_type_is_refused(folder, name, value):
    rewrite(folder, **{name: value})
    with pytest.raises(BundleError, match=f"'{name}' of the manifest is absent or no"):
        load_bundle(folder)


@pytest.mark.parametrize("content", ["", "[]", "null", "{", "\x00\x80", "7"])
def test_what_is_no_manifest_is_refused(tmp_path, content):
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(BundleError, match=r"no vfprog bundle|format None is unknown"):
        load_bundle(tmp_path)


def test_a_place_without_a_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match="no vfprog bundle"):
        load_bundle(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "spec",
    [
        None, 5, [], {}, {"endpoint": "response"},
        {"endpoint": {"name": "response"}, "prediction_time": "preprocedure"},
        {"endpoint": {"name": "response"}, "prediction_time": "preprocedure", "features": [1]},
        {"endpoint": {"name": "response"}, "prediction_time": "preprocedure", "features": []},
    ],
)  # fmt: skip
def test_a_malformed_model_is_refused(folder, spec):
    rewrite(folder, models={"response_preprocedure": spec})
    with pytest.raises(BundleError, match="response_preprocedure"):
        load_bundle(folder)


def test_a_model_under_another_name_is_refused(folder):
    models = json.loads((folder / MANIFEST).read_text())["models"]
    rewrite(folder, models={"response_postprocedure": models["response_preprocedure"]})
    with pytest.raises(BundleError, match="describes 'response_preprocedure'"):
        load_bundle(folder)


def test_a_bundle_without_models_is_refused(folder):
    rewrite(folder, models={})
    with pytest.raises(BundleError, match="holds no model"):
        load_bundle(folder)


def test_a_model_without_numbers_is_refused(folder):
    rewrite(folder, files={})
    with pytest.raises(BundleError, match="no numbers of model"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "name",
    ["../secret.npz", "models/../../secret.npz", "/etc/passwd", "models/a.npz/../../../secret",
     "manifest.json", "models/a.pkl", "models/a.npz\n", "models//a.npz", "models\\a.npz", ""],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused_before_it_is_read(folder, tmp_path, name):
    (tmp_path / "secret.npz").write_bytes(b"secret")
    files = json.loads((folder / MANIFEST).read_text())["files"]
    rewrite(folder, files=files | {name: hashlib.sha256(b"secret").hexdigest()})
    with pytest.raises(BundleError, match="which no bundle holds"):
        load_bundle(folder)


def test_an_altered_file_is_refused(folder):
    file = folder / "models" / "response_preprocedure.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(BundleError, match=r"models/response_preprocedure\.npz was altered"):
        load_bundle(folder)


@pytest.mark.parametrize("sha", [None, 7, "", "0" * 64])
def test_a_hash_that_is_none_is_refused(folder, sha):
    files = json.loads((folder / MANIFEST).read_text())["files"]
    rewrite(folder, files=dict.fromkeys(files, sha))
    with pytest.raises(BundleError, match="was altered"):
        load_bundle(folder)


def test_a_missing_file_is_refused(folder):
    (folder / "members" / "response_preprocedure.npz").unlink()
    with pytest.raises(BundleError, match=r"members/response_preprocedure\.npz cannot be read"):
        load_bundle(folder)


def test_a_dictionary_that_was_changed_is_refused(folder):
    dictionary = json.loads((folder / MANIFEST).read_text())["dictionary"]
    dictionary["predictors"][0]["hard_range"] = [0, 1000]
    rewrite(folder, dictionary=dictionary)
    with pytest.raises(BundleError, match="does not match its schema hash"):
        load_bundle(folder)


def test_a_dictionary_that_is_none_is_refused(folder):
    rewrite(folder, dictionary={"predictors": 5})
    with pytest.raises(BundleError, match="the dictionary is malformed"):
        load_bundle(folder)


def test_a_bundle_is_known_by_its_manifest(folder, tmp_path):
    assert is_bundle(folder)
    rewrite(folder, format_version=99)
    assert is_bundle(folder)  # of a later version, but a bundle
    assert not is_bundle(tmp_path)
    other = tmp_path / "extension"
    other.mkdir()
    for content in ('{"manifest_version": 3}', "[]", "{"):
        (other / MANIFEST).write_text(content)
        assert not is_bundle(other)


def test_a_manifest_edited_by_hand_is_refused(tmp_path):
    folder = hand_bundle(tmp_path / "bundle")
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    assert '"simulated": true' in text
    edited = text.replace('"simulated": true', '"simulated": false')
    (folder / "manifest.json").write_text(edited, encoding="utf-8")
    with pytest.raises(BundleError, match=r"manifest\.json was altered"):
        load_bundle(folder)


def test_a_file_nobody_named_is_refused(tmp_path):
    folder = hand_bundle(tmp_path / "bundle")
    (folder / "models" / "stray.npz").write_bytes(b"?")
    with pytest.raises(BundleError, match=r"does not name models/stray\.npz"):
        load_bundle(folder)
