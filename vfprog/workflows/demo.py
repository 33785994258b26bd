"""The whole story on a simulated registry, in two minutes: what a newcomer runs first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vfprog.errors import ConfigError
from vfprog.models.settings import load_settings
from vfprog.scoring.bundle import load_bundle
from vfprog.scoring.predict import predict
from vfprog.simulate import simulate, write
from vfprog.workflows.check import CheckReport, check
from vfprog.workflows.explain import Explained, explain
from vfprog.workflows.inputs import no_progress
from vfprog.workflows.publish import Published, publish
from vfprog.workflows.train import Training, train

if TYPE_CHECKING:
    from vfprog.scoring.bundle import Bundle
    from vfprog.scoring.prognosis import Prediction
    from vfprog.workflows.inputs import Progress

# The demo's registry is small and its resamples few, so that it ends within two minutes.
PARTICIPANTS = 4000
RESAMPLES = 10
FOLDS = 5
SITE_GROUPS = 4

PATIENT: dict[str, Any] = {
    "age_years": 79,
    "sex": "female",
    "t_score": -3.1,
    "fracture_age_days": 16,
    "vas_baseline": 8,
    "inpatient": True,
    "n_prevalent_fractures": 2,
    "glucocorticoids": False,
    "pelvic_incidence_deg": 55,
    "pelvic_tilt_deg": 26,
    "lumbar_lordosis_deg": 41,
    "vertebrae": [{"level": "L1", "height_loss_pct": 30, "mri_oedema": True,
                   "intravertebral_cleft": False}],
}  # fmt: skip


@dataclass(frozen=True)
class DemoResult:
    """What the demo made, for the command to print.

    Parameters
    ----------
    folder : pathlib.Path
        Everything is in here: registry, bundle, explanation, tracking store, patient.
    report : CheckReport
        What the check found.
    training : Training
        Six models and their performance.
    published : Published
        Where they are tracked.
    explained : Explained
        What they rely on.
    bundle : Bundle
        The bundle.
    patient : dict
        One patient.
    prediction : Prediction
        Her prognosis.
    """

    folder: Path
    report: CheckReport
    training: Training
    published: Published
    explained: Explained
    bundle: Bundle
    patient: dict[str, Any]
    prediction: Prediction


def demo(
    out: str | Path = "vfprog-demo",
    *,
    participants: int = PARTICIPANTS,
    resamples: int = RESAMPLES,
    seed: int = 1,
    n_jobs: int | None = None,
    progress: Progress = no_progress,
) -> DemoResult:
    """Simulate, check, train, track, explain and score one patient.

    Parameters
    ----------
    out : str or pathlib.Path
        Folder to create.
    participants : int
        Participants of the simulated registry.
    resamples : int
        Bootstrap members of each model.
    seed : int
        Seed of everything.
    n_jobs : int, optional
        Worker processes; default one per core.
    progress : callable
        Called with stage, steps done and steps in all.

    Returns
    -------
    DemoResult
        Everything it made.

    Raises
    ------
    ConfigError
        The folder exists; nothing of it is touched.
    """
    folder = Path(out)
    if folder.exists():
        raise ConfigError(f"{folder} exists; give another place with --out, or remove it")
    folder.mkdir(parents=True)
    progress("simulated registry", 0, 1)
    write(simulate(participants, seed=seed), folder / "registry")
    progress("simulated registry", 1, 1)
    report = check(folder / "registry")
    training = train(
        folder / "registry", folder / "bundle", resamples=resamples, seed=seed, n_jobs=n_jobs,
        settings=load_settings(outer_folds=FOLDS, copies=1, most_sites=SITE_GROUPS),
        progress=progress, name="vfprog-demo",
    )  # fmt: skip
    progress("tracked run", 0, 1)
    published = publish(training, root=folder / "mlruns")
    progress("tracked run", 1, 1)
    bundle = load_bundle(folder / "bundle")
    explained = explain(bundle, training.registry, folder / "explanation", progress=progress)
    prediction = predict(bundle, PATIENT)
    (folder / "patient.json").write_text(json.dumps(PATIENT, indent=2) + "\n", encoding="utf-8")
    return DemoResult(folder, report, training, published, explained, bundle, PATIENT, prediction)
