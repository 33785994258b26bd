"""The whole road on simulated patients, whose true risks are known."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from tests.cohorts import quick_settings
from vfprog.scoring.bundle import load_bundle
from vfprog.simulate import simulate, write
from vfprog.workflows.explain import explain
from vfprog.workflows.score import score
from vfprog.workflows.train import train
from vfprog.workflows.validate import validate

pytestmark = pytest.mark.slow
MODELS = [
    f"{endpoint}_{time}"
    for endpoint in ("response", "height_loss", "new_fracture")
    for time in ("preprocedure", "postprocedure")
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("simulated")
    ours = write(simulate(1500, seed=1), root / "ours")
    theirs = write(simulate(1500, seed=2), root / "theirs")
    train(ours, root / "bundle", settings=quick_settings(), resamples=0, n_jobs=1)
    return root / "bundle", ours, theirs


def test_three_endpoints_at_two_times_are_marked_as_simulated(folders):
    bundle = load_bundle(folders[0])
    assert list(bundle.model_names) == MODELS
    assert bundle.identity.trained_on == "simulated"


def test_risks_rise_with_the_true_risks(folders, tmp_path):
    bundle, _, theirs = folders
    scores = score(bundle, theirs, tmp_path / "s.parquet").scores.set_index("episode_id")
    truth = pd.read_parquet(theirs / "truth.parquet").set_index("episode_id").loc[scores.index]
    assert set(scores["trained_on"]) == {"simulated"}
    episodes = pd.read_parquet(theirs / "episodes.parquet").set_index("episode_id")
    treated = (episodes.loc[scores.index, "treatment"] == "vertebroplasty").to_numpy()
    # The true risk is that under the treatment received; the models speak of vertebroplasty.
    for endpoint, least in (("response", 0.7), ("height_loss", 0.5), ("new_fracture", 0.5)):
        risk, true = scores[f"{endpoint}_risk"], truth[f"risk_{endpoint}"]
        both = treated & risk.notna() & true.notna()
        assert spearmanr(risk[both], true[both]).statistic > least
        assert risk[both].mean() == pytest.approx(true[both].mean(), abs=0.04)


def test_they_are_judged_and_explained_elsewhere(folders, tmp_path):
    bundle, _, theirs = folders
    result = validate(bundle, theirs)
    assert result.simulated
    table = result.performance.set_index(["model", "metric"])["estimate"]
    assert list(dict.fromkeys(result.performance["model"])) == MODELS
    for model in MODELS:
        assert table[model, "c_statistic"] > 0.55
    # 662 of 1003 developed on; of height loss there were 87 events, too few to hold a slope.
    assert table["response_preprocedure", "calibration_slope"] == pytest.approx(1, abs=0.25)
    done = explain(bundle, theirs, tmp_path / "out", max_rows=200)
    assert done.simulated
    assert not done.notes
    assert np.isfinite(done.importance["mean_abs_log_odds"]).all()
    assert {p.name for p in done.folder.iterdir() if p.is_dir()} == set(MODELS)
