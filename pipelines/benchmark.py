"""Budgets of speed: python pipelines/benchmark.py BUNDLE REGISTRY [--rows N] [--write [FILE]]."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shap
from benchmark_http import HEAD, PATIENT, line, served
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

import vfprog
from vfprog.batch.score import score_arrays
from vfprog.explain.attribution import bulk_lines
from vfprog.features.design import derive_features
from vfprog.models.boosting import load_booster
from vfprog.models.encoder import ClinicalEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vfprog.features.arrays import EpisodeArrays, FloatArray
    from vfprog.scoring.model import PrognosticModel


def seconds(call: Callable[..., Any], *arguments: Any, times: int = 1) -> float:
    measured = []
    for _ in range(times):
        start = perf_counter()
        call(*arguments)
        measured.append(perf_counter() - start)
    return float(np.median(measured))


def usual_way(model: PrognosticModel, X: FloatArray) -> Callable[[], Any]:
    """Return the usual call for one patient: calibrated pipeline and shap, on a data frame."""
    frame = pd.DataFrame(X, columns=[f"x{place}" for place in range(X.shape[1])])
    y = np.random.default_rng(1).random(len(X)) < model.risk(X)
    linear = make_pipeline(ClinicalEncoder(), StandardScaler(), LogisticRegression(max_iter=500))
    row = frame.iloc[:1]
    if model.trees is None:
        linear.fit(frame, y)
        risk = CalibratedClassifierCV(FrozenEstimator(linear)).fit(frame, y)
        terms = linear[:-1]
        explainer = shap.LinearExplainer(linear[-1], terms.transform(frame))
        return lambda: (risk.predict_proba(row), explainer.shap_values(terms.transform(row)))
    trees = XGBClassifier(n_estimators=model.trees.n_trees, max_depth=3, n_jobs=1)
    both = VotingClassifier([("linear", linear), ("trees", trees)], voting="soft").fit(frame, y)
    risk = CalibratedClassifierCV(FrozenEstimator(both)).fit(frame, y)
    explainer = shap.TreeExplainer(both.named_estimators_["trees"])
    return lambda: (risk.predict_proba(row), explainer.shap_values(row))


def budgets(bundle: str, arrays: EpisodeArrays, n: int) -> Iterator[tuple[str, float, float, str]]:
    """Yield what was measured, seconds of vfprog and of the other, and the budget."""
    full = vfprog.load_bundle(bundle)
    bare = replace(full, files={k: v for k, v in full.files.items() if "members" not in k})
    names = [f"{endpoint}_postprocedure" for endpoint in full.endpoints]
    models = [full.model(name) for name in names]
    derived = derive_features(arrays, full.dictionary)
    calls = [usual_way(model, model.matrix(derived, arrays.n)) for model in models]
    usual = seconds(lambda: [call() for call in calls], times=20)
    ours = seconds(lambda: vfprog.predict(bare, PATIENT, panel=False), times=200)
    yield "one patient, risks and explanations", ours, usual, "<= 0.1"
    ours = seconds(vfprog.predict, bare, PATIENT, times=200)
    yield "one patient with the trust panel, without intervals", ours, usual, "<= 3 ms"
    ours = seconds(vfprog.predict, full, PATIENT, times=200)
    yield "one patient, bundle as it is", ours, usual, "<= 15 ms"
    with TemporaryDirectory() as folder:
        file = Path(folder) / "patient.json"
        file.write_text(json.dumps(PATIENT))
        ours = seconds(shell, "-m", "vfprog", "predict", bundle, str(file), times=9)
    imports = seconds(shell, "-c", "import numpy, pydantic, yaml", times=9)
    yield "`vfprog predict` from a cold shell", ours, imports, "<= 3"
    many = arrays.take(np.random.default_rng(1).integers(0, arrays.n, n))
    derived = derive_features(many, full.dictionary)
    theirs = 0.0
    for model in (model for model in models if model.trees is not None):
        booster, X = load_booster(full.booster(model.name) or b""), model.matrix(derived, n)
        theirs += seconds(booster.inplace_predict, X)
    yield f"score {n:,} patients", seconds(score_arrays, full, many), theirs, "<= 2"
    explainer, X = shap.TreeExplainer(booster), X[:100_000]
    theirs = seconds(explainer.shap_values, X)
    yield f"explain {len(X):,} patients", seconds(bulk_lines, model, X), theirs, "<= 0.2"


def shell(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)  # noqa: S603


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle")
    parser.add_argument("registry")
    parser.add_argument("--rows", type=int, default=858_978)
    parser.add_argument("--write", nargs="?", type=Path, const=Path("docs/benchmarks.md"))
    given = parser.parse_args()
    registry, _ = vfprog.read_registry(given.registry)
    rows = [*budgets(given.bundle, registry.arrays(), given.rows), *served(given.bundle, PATIENT)]
    text = HEAD + "".join(line(*row) for row in rows)
    print(text)
    if given.write:
        note = "One run of pipelines/benchmark.py on one machine: read the ratios."
        given.write.write_text(f"# Benchmarks\n\n{note}\n\n{text}", encoding="utf-8")
