"""Draw the README's picture: python docs/images/draw.py DEMO ELSEWHERE OUT.png.

DEMO is the folder `vfprog demo` made, ELSEWHERE another registry made by `vfprog simulate`.
"""

import argparse
import json
from pathlib import Path

import pandas as pd

import vfprog
from vfprog.cli.waterfall import value_text
from vfprog.plots.base import mark_simulated, new_figure
from vfprog.plots.calibration import plot_calibration
from vfprog.plots.contributions import plot_waterfall
from vfprog.validation.calibration import calibration_curve
from vfprog.validation.distribution import risk_distribution

parser = argparse.ArgumentParser(description=__doc__)
for name in ("demo", "elsewhere", "out"):
    parser.add_argument(name, type=Path)
given = parser.parse_args()

bundle = vfprog.load_bundle(given.demo / "bundle")
one = vfprog.predict(bundle, json.loads((given.demo / "patient.json").read_text()))["response"]
rows = [
    (bundle.label(line.predictor), value_text(line.predictor, line.value, bundle), line.log_odds)
    for line in one.contributions
]
judged = vfprog.validate(bundle, given.elsewhere).risks["response_preprocedure"]
y, risk, weight = judged["outcome"], judged["risk"], judged["weight"]

figure, first = new_figure(12.6, 4.8)
first.remove()
left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
plot_waterfall(
    pd.DataFrame(rows, columns=["predictor", "value", "log_odds"]), left,
    base_log_odds=one.base_log_odds, title="One patient: pain response at 30 days",
)  # fmt: skip
plot_calibration(
    calibration_curve(y, risk, sample_weight=weight), right,
    distribution=risk_distribution(y, risk, sample_weight=weight),
    title=f"{len(y)} patients of another registry",
)  # fmt: skip
mark_simulated(figure, columns=2).savefig(given.out, dpi=110)
