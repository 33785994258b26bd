"""Draw the picture of the page: python docs/images/page.py BUNDLE OUT.png [--dark] [--phone].

BUNDLE was trained on simulated data; the picture needs Chromium and what the tests need.
"""

import argparse
from pathlib import Path

from playwright.sync_api import sync_playwright

import vfprog
from tests.serving.browser import launch, site, visit
from vfprog.serving.app import create_app

VALUES = (
    "#age_years=79&sex=female&t_score=-3.1&n_prevalent_fractures=2&asa_class=3&fracture_age_days=16"
    "&vertebrae.0.level=L1&vertebrae.0.height_loss_pct=30&vertebrae.0.mri_oedema=true"
    "&vertebrae.0.of_type=OF3&vas_baseline=8&inpatient=true&bed_rest=true"
    "&pelvic_incidence_deg=55&pelvic_tilt_deg=26"
)

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("bundle", type=Path)
parser.add_argument("out", type=Path)
parser.add_argument("--dark", action="store_true")
parser.add_argument("--phone", action="store_true")
given = parser.parse_args()

options = {
    "color_scheme": "dark" if given.dark else "light",
    "viewport": {"width": 360, "height": 2400} if given.phone else {"width": 1280, "height": 1150},
}
with (
    sync_playwright() as playwright,
    launch(playwright) as browser,
    site(create_app(vfprog.load_bundle(given.bundle))) as running,
    visit(browser, running, **options) as seen,
):
    seen.open(VALUES)
    seen.settled()
    seen.page.screenshot(path=given.out)
