from __future__ import annotations

import pytest

from vfprog.cli.app import run
from vfprog.serving import server
from vfprog.serving.holder import FolderSource
from vfprog.serving.keys import owner_of, read_keys


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch):
    """What the server would have been started with."""
    calls: list[tuple] = []
    monkeypatch.setattr(server, "run", lambda source, settings, **more: calls.append(
        (source, settings, more)))  # fmt: skip
    monkeypatch.delenv("VFPROG_API_KEYS", raising=False)
    return calls


def test_what_is_given_reaches_the_server(bundle, started) -> None:
    options = ["--host", "192.0.2.1", "--port", "81", "--max-batch", "5", "--max-body", "99",
               "--timeout", "2", "--poll", "7"]  # fmt: skip
    assert run(["serve", str(bundle), *options]) == 0
    ((source, settings, more),) = started
    assert source == FolderSource(bundle)
    assert (settings.max_batch, settings.max_body_bytes) == (5, 99)
    assert (settings.timeout_s, settings.poll_s, settings.keys) == (2, 7, ())
    assert (more["host"], more["port"]) == ("192.0.2.1", 81)


def test_it_listens_to_this_machine_alone_unless_told(bundle, started) -> None:
    assert run(["serve", str(bundle)]) == 0
    assert started[0][2]["host"] == "127.0.0.1"


@pytest.mark.parametrize("arguments", [[], ["b", "--registry", "models:/vfprog@champion"]])
def test_one_place_for_the_bundle(arguments, started, capsys) -> None:
    assert run(["serve", *arguments]) == 2
    assert "and not both" in capsys.readouterr().err
    assert started == []


def test_a_new_key_is_shown_once_and_its_entry_can_be_read(
    capsys, tmp_path, bundle, started
) -> None:
    assert run(["serve", "--new-key", "ward-7"]) == 0
    captured = capsys.readouterr()
    key = captured.err.splitlines()[1].strip()
    assert key not in captured.out
    assert owner_of({"x-api-key": key}, read_keys([captured.out.strip()], "x")) == "ward-7"
    (tmp_path / "keys").write_text(f"# wards\n{captured.out}")
    assert run(["serve", str(bundle), "--api-keys", str(tmp_path / "keys")]) == 0
    assert [k.name for k in started[0][1].keys] == ["ward-7"]


def test_keys_may_come_from_the_environment(bundle, started, monkeypatch) -> None:
    digest = "0" * 64
    monkeypatch.setenv("VFPROG_API_KEYS", f"a:sha256:{digest} b:sha256:{digest}")
    assert run(["serve", str(bundle)]) == 0
    assert [k.name for k in started[0][1].keys] == ["a", "b"]


def test_an_empty_variable_does_not_leave_the_door_open(
    bundle, started, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("VFPROG_API_KEYS", "")
    assert run(["serve", str(bundle)]) == 2
    assert "VFPROG_API_KEYS: there is no key" in capsys.readouterr().err
    assert started == []


def test_keys_come_from_one_place(bundle, started, monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.setenv("VFPROG_API_KEYS", "x")
    (tmp_path / "keys").write_text("")
    assert run(["serve", str(bundle), "--api-keys", str(tmp_path / "keys")]) == 2
    assert "give one of them" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_a_file_of_keys_may_begin_with_a_mark(bundle, started, tmp_path, encoding) -> None:
    (tmp_path / "keys").write_text(f"ward-7:sha256:{'0' * 64}\n", encoding=encoding)
    assert run(["serve", str(bundle), "--api-keys", str(tmp_path / "keys")]) == 0
    assert [k.name for k in started[0][1].keys] == ["ward-7"]


@pytest.mark.parametrize("content", [f"a:sha256:{'0' * 64}".encode("utf-16"), b"\x80\x81"])
def test_a_file_of_keys_that_is_no_text_is_refused(
    bundle, started, tmp_path, capsys, content
) -> None:
    (tmp_path / "keys").write_bytes(content)
    assert run(["serve", str(bundle), "--api-keys", str(tmp_path / "keys")]) == 2
    assert "is no text in UTF-8" in capsys.readouterr().err
    assert started == []


def test_a_name_that_cannot_be_one_is_told_what_may_stand_in_it(capsys) -> None:
    assert run(["serve", "--new-key", "a b"]) == 2
    assert "letters from A to Z, digits and _ . -, got 'a b'" in capsys.readouterr().err


def test_a_bad_bundle_is_refused(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.delenv("VFPROG_API_KEYS", raising=False)
    assert run(["serve", str(tmp_path)]) == 2
    assert "is no vfprog bundle" in capsys.readouterr().err


def test_a_registry_that_is_none_is_refused(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert run(["serve", "--registry", "vfprog"]) == 2
    assert "expected models:/NAME@ALIAS" in capsys.readouterr().err
    assert run(["serve", "--registry", "models:/vfprog@champion"]) == 2
    assert "set MLFLOW_TRACKING_URI" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_address_for_links_is_one(bundle, started, capsys) -> None:
    assert run(["serve", str(bundle), "--public-url", "https://vfprog.example/"]) == 0
    assert started[0][1].public_url == "https://vfprog.example/"
    for wrong in ("vfprog.example", "javascript:alert(1)", "https://", "https://a:b@x.example/"):
        assert run(["serve", str(bundle), "--public-url", wrong]) == 2
        assert "--public-url: expected an address" in " ".join(capsys.readouterr().err.split())


def test_codes_of_fhir_are_read_before_the_start(bundle, started, tmp_path, capsys) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("systems: {}\n")
    assert run(["serve", str(bundle), "--fhir", str(own)]) == 2
    assert "observations" in capsys.readouterr().err
    assert started == []
    assert run(["serve", str(bundle)]) == 0
    assert started[0][1].fhir == "fhir"
