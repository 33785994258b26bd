"""The house itself: light imports, mirrored tests, one version, nothing of one machine."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import util
from pathlib import Path

import pytest
import yaml
from numpydoc.docscrape import NumpyDocString

import vfprog
from vfprog.config import config_root, list_configs
from vfprog.errors import MissingExtraError

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "vfprog"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
HEAVY = {
    "joblib", "matplotlib", "mlflow", "pandas", "pyarrow", "scipy", "shap", "sklearn", "xgboost",
}  # fmt: skip

# Modules another test file covers, and which; everything else mirrors its path.
COVERED_ELSEWHERE = {
    "vfprog/__init__.py": "tests/test_house.py",
    "vfprog/__main__.py": "tests/test_house.py",
    "vfprog/models/learning.py": "tests/models/test_procedure.py",
    "vfprog/validation/collecting.py": "tests/validation/test_resampling.py",
    "vfprog/workflows/refit_decision.py": "tests/workflows/test_updating.py",
    "vfprog/plots/base.py": "tests/plots/test_plots.py",
    "vfprog/plots/calibration.py": "tests/plots/test_plots.py",
    "vfprog/plots/contributions.py": "tests/plots/test_plots.py",
    "vfprog/plots/distribution.py": "tests/plots/test_plots.py",
    "vfprog/plots/flow.py": "tests/plots/test_plots.py",
    "vfprog/plots/instability.py": "tests/plots/test_plots.py",
    "vfprog/plots/performance.py": "tests/plots/test_plots.py",
    "vfprog/plots/utility.py": "tests/plots/test_plots.py",
    "vfprog/data/column_spec.py": "tests/data/test_mapping.py",
    "vfprog/data/columns.py": "tests/data/test_checks.py",
    "vfprog/data/consistency.py": "tests/data/test_checks.py",
    "vfprog/data/guards.py": "tests/data/test_mapping.py",
    "vfprog/data/registry.py": "tests/data/test_readers.py",
    "vfprog/data/rows.py": "tests/data/test_checks.py",
    "vfprog/data/words.py": "tests/data/test_checks.py",
    "vfprog/data/screening/code_words.py": "tests/data/screening/test_codes.py",
    "vfprog/data/screening/columns.py": "tests/data/screening/test_units.py",
    "vfprog/data/screening/context.py": "tests/data/screening/test_screen.py",
    "vfprog/data/screening/linkage.py": "tests/data/screening/test_copies.py",
    "vfprog/data/screening/owners.py": "tests/data/screening/test_dates.py",
    "vfprog/data/screening/piles.py": "tests/data/screening/test_missing_codes.py",
    "vfprog/data/screening/unit_candidates.py": "tests/data/screening/test_units.py",
    "vfprog/data/screening/unit_days.py": "tests/data/screening/test_units.py",
    "vfprog/data/sources.py": "tests/data/test_readers.py",
    "vfprog/data/translate.py": "tests/data/test_readers.py",
    "vfprog/data/unpivot.py": "tests/data/test_readers.py",
    "vfprog/data/values.py": "tests/data/test_mapping.py",
    "vfprog/records.py": "tests/tracking/test_send.py",
    "vfprog/scoring/bundle_writer.py": "tests/scoring/test_bundle.py",
    "vfprog/scoring/panel_build.py": "tests/scoring/test_panel.py",
    "vfprog/serving/settings.py": "tests/serving/test_app.py",
    "vfprog/simulate/batch.py": "tests/simulate/test_worlds.py",
    "vfprog/simulate/draws.py": "tests/simulate/test_parts.py",
    "vfprog/simulate/events.py": "tests/simulate/test_generate.py",
    "vfprog/simulate/fracture.py": "tests/simulate/test_marginals.py",
    "vfprog/simulate/heights.py": "tests/simulate/test_truth.py",
    "vfprog/simulate/observe.py": "tests/simulate/test_generate.py",
    "vfprog/simulate/patients.py": "tests/simulate/test_marginals.py",
    "vfprog/simulate/people.py": "tests/simulate/test_marginals.py",
    "vfprog/simulate/procedure.py": "tests/simulate/test_marginals.py",
    "vfprog/simulate/tables.py": "tests/simulate/test_generate.py",
    "vfprog/tracking/pyfunc_model.py": "tests/tracking/test_registry.py",
    "vfprog/workflows/assemble.py": "tests/workflows/test_train.py",
    "vfprog/workflows/descent.py": "tests/workflows/test_update.py",
    "vfprog/workflows/labels.py": "tests/workflows/test_train.py",
    "vfprog/workflows/refitting.py": "tests/workflows/test_train.py",
    "vfprog/validation/_influence.py": "tests/validation/test_discrimination.py",
    "vfprog/validation/_flexible_curve.py": "tests/validation/test_calibration.py",
    "vfprog/validation/_logistic.py": "tests/validation/test_calibration.py",
    "vfprog/validation/_spline.py": "tests/validation/test_calibration.py",
}


def _run(code: str, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *flags, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)


def _modules() -> list[Path]:
    return sorted(
        path.relative_to(ROOT)
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py" or path.parent == PACKAGE
    )


def _test_file(module: Path) -> Path:
    covered = COVERED_ELSEWHERE.get(module.as_posix())
    inside = module.relative_to("vfprog")
    mirrored = Path("tests") / inside.with_name(f"test_{inside.name.lstrip('_')}")
    return Path(covered) if covered else mirrored


# --- light imports


@pytest.mark.slow
def test_scoring_a_patient_imports_nothing_heavy() -> None:
    done = _run("import vfprog; vfprog.load_bundle; vfprog.predict", "-X", "importtime")
    lines = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()]
    loaded = {name.partition(".")[0] for name in lines}
    assert {"vfprog", "numpy", "pydantic"} <= loaded
    assert loaded & HEAVY == set()


@pytest.mark.slow
def test_import_vfprog_alone_imports_not_even_numpy() -> None:
    loaded = json.loads(_run("import json, sys, vfprog; print(json.dumps([*sys.modules]))").stdout)
    assert "vfprog" in loaded
    assert {name.partition(".")[0] for name in loaded} & {*HEAVY, "numpy", "pydantic"} == set()


# --- public names


def test_public_names_are_declared_once() -> None:
    assert set(vfprog.__all__) == {"__version__", *vfprog._HOMES}
    assert list(vfprog.__all__) == sorted(vfprog.__all__)
    assert set(vfprog.__all__) <= set(dir(vfprog))


@pytest.mark.parametrize("name", sorted(vfprog._HOMES))
def test_a_public_name_is_the_function_of_its_home(name: str) -> None:
    module, attribute = vfprog._HOMES[name]
    assert getattr(vfprog, name) is getattr(importlib.import_module(module), attribute)


def test_the_lazy_names_are_those_the_type_checker_sees() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        (alias.asname or alias.name): (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == vfprog._HOMES


def test_no_public_name_is_that_of_a_subpackage() -> None:
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms & set(vfprog._HOMES) == set()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'prognosticate'"):
        vfprog.prognosticate  # noqa: B018


def test_a_missing_library_is_answered_with_the_install_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(module: str) -> None:
        raise ModuleNotFoundError("No module named 'xgboost'", name="xgboost")

    monkeypatch.setattr(vfprog, "import_module", absent)
    monkeypatch.delitem(vars(vfprog), "train", raising=False)
    with pytest.raises(MissingExtraError, match=r"needs xgboost.*pip install \"vfprog\[all\]\""):
        vfprog.train  # noqa: B018


def test_a_missing_module_of_ours_is_no_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(module: str) -> None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    monkeypatch.setattr(vfprog, "import_module", absent)
    monkeypatch.delitem(vars(vfprog), "train", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"vfprog\.workflows\.train") as caught:
        vfprog.train  # noqa: B018
    assert not isinstance(caught.value, MissingExtraError)


def test_inside_the_package_only_the_version_is_taken_from_its_root() -> None:
    taken = {
        f"{module}: {alias.name}"
        for module in _modules()
        for node in ast.walk(ast.parse((ROOT / module).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "vfprog"
        for alias in node.names
        if alias.name != "__version__" and not util.find_spec(f"vfprog.{alias.name}")
    }
    assert taken == set()


# --- architecture and documentation


def test_every_module_has_its_test_file() -> None:
    wanted = {str(_test_file(module)) for module in _modules()}
    assert [name for name in sorted(wanted) if not (ROOT / name).is_file()] == []


def test_the_list_of_exceptions_names_modules_that_exist() -> None:
    assert [module for module in COVERED_ELSEWHERE if not (ROOT / module).is_file()] == []


def _documented_without_existing(module: Path) -> list[str]:
    loaded = importlib.import_module(".".join(module.with_suffix("").parts))
    wrong = []
    for name, thing in vars(loaded).items():
        ours = getattr(thing, "__module__", None) == loaded.__name__
        if name.startswith("_") or not ours or not callable(thing):
            continue
        entries = NumpyDocString(inspect.getdoc(thing) or "")["Parameters"]
        documented = {part.strip(" *") for entry in entries for part in entry.name.split(",")}
        parameters = set(inspect.signature(thing).parameters) if documented else set()
        wrong += [f"{module}: {name}({stray})" for stray in sorted(documented - parameters)]
    return wrong


@pytest.mark.slow
def test_documented_parameters_exist() -> None:
    modules = [module for module in _modules() if module.name not in {"__init__.py", "__main__.py"}]
    assert [line for module in modules for line in _documented_without_existing(module)] == []


# --- what is shipped


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="a source archive is not a checkout")
def test_no_file_names_an_index_host_or_a_machine_path() -> None:
    done = subprocess.run([ROOT / ".ci" / "guard"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "line",
    ["https://py" + "pi.org/simple", "see /ho" + "me/someone/data", "'/wo" + "rk/main'"],
)
def test_the_guard_finds_what_it_is_for(tmp_path: Path, line: str) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    guard = [tmp_path / ".ci" / "guard"]
    assert subprocess.run(guard, capture_output=True).returncode == 0
    (tmp_path / "notes.md").write_text(f"first\n{line}\n")
    done = subprocess.run(guard, capture_output=True, text=True)
    assert (done.returncode, f"notes.md:2:{line}" in done.stdout) == (1, True)


def test_one_version_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    newest = re.search(
        r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert newest is not None
    assert PYPROJECT["project"]["version"] == vfprog.__version__
    assert citation["version"] == vfprog.__version__
    assert newest[1] == vfprog.__version__


def test_every_configuration_is_packed_and_listed() -> None:
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    files = {path for path in (ROOT / "configs").rglob("*") if path.is_file()}
    assert wheel["force-include"] == {"configs": "vfprog/_configs"}
    assert config_root() == ROOT / "configs"
    assert {path.suffix for path in files} == {".yaml"}
    stems = {path.relative_to(ROOT / "configs").with_suffix("").as_posix() for path in files}
    assert stems == set(list_configs())


def test_constraints_pin_every_dependency_we_name_and_no_place() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.!+]+", pin)] == []
    pinned = {_canonical(pin.partition("==")[0]) for pin in pins}
    extras = PYPROJECT["project"]["optional-dependencies"].values()
    named = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["dev"]]
    named += [requirement for extra in extras for requirement in extra]
    wanted = {_canonical(re.match(r"[\w.-]+", requirement)[0]) for requirement in named}
    assert wanted - {"vfprog"} - pinned == set()


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("which", ["demo", "test"])
def test_the_readme_has_each_command_on_one_line_under_its_marker(which: str) -> None:
    readme = (ROOT / "README.md").read_text()
    block = rf"^<!-- {which} command -->\n```bash\n([^\n]+)\n```$"
    assert len(re.findall(block, readme, re.MULTILINE)) == 1
