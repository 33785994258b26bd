"""Simulated registries as other people write them: foreign names, units, codes and files.

Each dialect knows what every column of it truly is. ``french_flat``, ``us_abbreviated`` and
``spanish_folder`` are held out: nothing was mended after they were measured. They were written by
the same hand as the vocabulary, so `measure` also takes each dialect's names out of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vfprog.simulate import simulate

FLAT = "flat"
Truth = dict[str, str | None]


@dataclass
class Dialect:
    """Tables under foreign names, and what each column of them is.

    Parameters
    ----------
    name : str
        Name.
    tables : dict of str to pandas.DataFrame
        By foreign name; ``flat`` alone for a flat table.
    truth : dict of str to dict
        By foreign table: our ``table.column`` of each column, None for what is none of ours.
    roles : dict of str to str
        Our table of each foreign table.
    units : dict of str to str
        By our ``table.column``: the unit that is to be proposed.
    codes : tuple of str
        Our ``table.column`` of which the codes are foreign but evident.
    ambiguous : tuple of str
        Our ``table.column`` of which nobody can tell the codes or the unit.
    csv : dict
        How the files are written.
    """

    name: str
    tables: dict[str, pd.DataFrame]
    truth: dict[str, Truth]
    roles: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    csv: dict[str, Any] = field(default_factory=dict)

    @property
    def is_flat(self) -> bool:
        """Whether there is but one table."""
        return set(self.tables) == {FLAT}

    def write(self, folder: Path) -> Path:
        """Write the files and return the source to read."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self.tables.items():
            frame.to_csv(folder / f"{name}.csv", index=False, **self.csv)
        return folder / f"{FLAT}.csv" if self.is_flat else folder


def flat(n: int, seed: int) -> pd.DataFrame:
    """Return episodes with their one vertebra and pain at three days, in our names and units."""
    sim = simulate(n, seed=seed)
    single = sim.vertebrae.groupby("episode_id").filter(lambda part: len(part) == 1)
    frame = sim.episodes.merge(single, on="episode_id", validate="one_to_one")
    for day, low, high in ((30, 14, 60), (90, 61, 130), (365, 300, 430)):
        near = sim.visits[sim.visits["day"].between(low, high)].drop_duplicates("episode_id")
        frame[f"vas@{day}"] = frame["episode_id"].map(near.set_index("episode_id")["vas"])
    near = sim.heights[sim.heights["day"].between(300, 455)]
    near = near.merge(single[["episode_id", "level"]]).drop_duplicates("episode_id")
    frame["height@365"] = frame["episode_id"].map(near.set_index("episode_id")["height_loss_pct"])
    return frame


def words(series: pd.Series[Any], codes: dict[Any, str]) -> pd.Series[Any]:
    """Return values written in foreign words, blank where missing."""
    return series.astype(object).where(series.notna(), None).map(codes)


def scaled(series: pd.Series[Any], factor: float, digits: int) -> pd.Series[Any]:
    """Return numbers in another unit."""
    return (series.astype("float64") * factor).round(digits)


def with_comma(frame: pd.DataFrame) -> pd.DataFrame:
    """Write every float with a decimal comma."""
    out = frame.copy()
    for name in out.select_dtypes("float"):
        out[name] = out[name].map(lambda v: f"{v:g}".replace(".", ","), na_action="ignore")
    return out


def renamed(frame: pd.DataFrame, names: dict[str, str], table: str) -> tuple[pd.DataFrame, Truth]:
    """Return the columns of a table under foreign names, and the truth of them."""
    truth: Truth = {theirs: _place(ours, table) for ours, theirs in names.items()}
    return frame[list(names)].rename(columns=names), truth


VERTEBRAE = (
    "level", "height_loss_pct", "mri_oedema", "intravertebral_cleft", "adjacent_oedema", "of_type",
    "treated", "cement_volume_ml", "cement_leakage",
)  # fmt: skip


def _place(ours: str, table: str) -> str | None:
    if "@" in ours:
        kind, day = ours.split("@")
        return f"{'visits.vas' if kind == 'vas' else 'heights.height_loss_pct'}@{day}"
    if table == FLAT:
        return f"{'vertebrae' if ours in VERTEBRAE else 'episodes'}.{ours}"
    return f"{table}.{ours}"


def german_flat(n: int = 900, seed: int = 11) -> Dialect:
    """Semicolons, decimal commas, VAS 0-100, weeks, centimetres, J/N, m/w, German dates."""
    frame = flat(n, seed)
    rng = np.random.default_rng(seed)
    for name in frame.select_dtypes("boolean"):
        frame[name] = words(frame[name], {True: "J", False: "N"})
    frame["sex"] = words(frame["sex"], {"female": "w", "male": "m"})
    frame["treatment"] = words(frame["treatment"], {
        "vertebroplasty": "Vertebroplastie", "conservative": "konservativ", "sham": "Schein",
    })  # fmt: skip
    frame["cement_leakage"] = words(frame["cement_leakage"], {
        "none": "keine", "disc": "Bandscheibe", "perivertebral": "paravertebral", "vein": "venös",
        "canal": "Spinalkanal",
    })  # fmt: skip
    frame["level"] = frame["level"].str.replace("T", "BWK").str.replace("L", "LWK")
    for name in ("vas_baseline", "vas@30", "vas@90", "vas@365"):
        frame[name] = scaled(frame[name], 10, 0)
    frame["fracture_age_days"] = scaled(frame["fracture_age_days"], 1 / 7, 1)
    frame["sva_mm"] = scaled(frame["sva_mm"], 0.1, 1)
    frame["index_date"] = frame["index_date"].dt.strftime("%d.%m.%Y")
    frame.loc[rng.random(len(frame)) < 0.03, "bmi_kg_m2"] = -9
    names = {
        "episode_id": "Fallnummer", "patient_id": "Patientennummer", "site_id": "Klinik",
        "index_date": "OP-Datum", "treatment": "Behandlung",
        "follow_up_end_day": "Nachbeobachtung_Tage",
        "age_years": "Alter", "sex": "Geschlecht", "bmi_kg_m2": "BMI", "smoker": "Raucher",
        "asa_class": "ASA", "frailty_mfi5": "mFI5", "vas_baseline": "VAS_präop",
        "rmdq_baseline": "Roland_Morris", "inpatient": "stationär", "bed_rest": "Bettruhe",
        "opioids": "Opioide", "fracture_age_days": "Frakturalter_Wochen", "t_score": "T-Wert",
        "n_prevalent_fractures": "Anzahl_Vorfrakturen", "glucocorticoids": "Kortison",
        "vitamin_d_nmol_l": "Vitamin_D", "anti_osteoporosis_treatment": "Osteoporosetherapie",
        "pelvic_incidence_deg": "Beckeninzidenz", "pelvic_tilt_deg": "Beckenkippung",
        "sacral_slope_deg": "Sakralneigung", "lumbar_lordosis_deg": "Lendenlordose",
        "thoracic_kyphosis_deg": "Brustkyphose", "regional_kyphosis_deg": "regionale Kyphose",
        "sva_mm": "SVA_cm", "neurological_signs": "Neurologie",
        "anticoagulation": "Antikoagulation", "level": "Höhe_WK",
        "height_loss_pct": "Höhenminderung_Prozent", "mri_oedema": "MRT_Ödem",
        "intravertebral_cleft": "Vakuumspalt", "of_type": "OF_Klassifikation",
        "treated": "zementiert", "cement_volume_ml": "Zementmenge_ml",
        "cement_leakage": "Zementaustritt", "vas@30": "VAS_30Tage", "vas@90": "VAS_90Tage",
        "vas@365": "VAS_365Tage",
    }  # fmt: skip
    table, truth = renamed(frame, names, FLAT)
    table["Nachname"] = [f"Muster{i}" for i in range(len(table))]
    table["Station"] = rng.choice(["A1", "B2", "C3"], len(table))
    truth |= {"Nachname": None, "Station": None}
    return Dialect(
        "german_flat", {FLAT: with_comma(table)}, {FLAT: truth},
        units={"episodes.vas_baseline": "vas_0_100", "episodes.fracture_age_days": "weeks",
               "episodes.sva_mm": "cm", "visits.vas": "vas_0_100"},
        codes=("episodes.sex", "episodes.treatment", "vertebrae.cement_leakage", "vertebrae.level",
               "episodes.smoker", "episodes.opioids", "vertebrae.treated"),
        csv={"sep": ";", "encoding": "cp1252"},
    )  # fmt: skip


def redcap_wide(n: int = 900, seed: int = 12) -> Dialect:
    """One row per record: vas_30d, height_l1_365d, 0/1 everywhere, 1/2 for sex, -9 for missing."""
    frame = flat(n, seed)
    for name in frame.select_dtypes("boolean"):
        frame[name] = frame[name].astype("Int64")
    frame["sex"] = words(frame["sex"], {"female": "2", "male": "1"})
    frame["rmdq_baseline"] = frame["rmdq_baseline"].fillna(-9)
    frame["opioids"] = frame["opioids"].fillna(99)
    names = {
        "episode_id": "record_id", "site_id": "redcap_data_access_group", "index_date": "proc_date",
        "treatment": "treatment_arm", "follow_up_end_day": "fu_end_day", "age_years": "age_at_proc",
        "sex": "gender", "bmi_kg_m2": "bmi", "smoker": "current_smoker", "asa_class": "asa",
        "vas_baseline": "vas_0d", "rmdq_baseline": "rmdq_0d", "inpatient": "inpatient",
        "bed_rest": "bedrest", "opioids": "opioid_use", "fracture_age_days": "fx_age_days",
        "t_score": "dxa_tscore", "n_prevalent_fractures": "n_prior_vfx",
        "glucocorticoids": "steroid_use", "vitamin_d_nmol_l": "vit_d_25oh_nmol",
        "anti_osteoporosis_treatment": "op_meds", "pelvic_incidence_deg": "pi_deg",
        "pelvic_tilt_deg": "pt_deg", "sacral_slope_deg": "ss_deg", "lumbar_lordosis_deg": "ll_deg",
        "thoracic_kyphosis_deg": "tk_deg", "sva_mm": "sva_mm", "vas@30": "vas_30d",
        "vas@90": "vas_90d", "vas@365": "vas_365d",
    }  # fmt: skip
    table, truth = renamed(frame, names, FLAT)
    for level in ("T12", "L1", "L2"):
        here = frame["level"] == level
        for day, ours in ((0, "height_loss_pct"), (365, "height@365")):
            table[f"height_{level.lower()}_{day}d"] = frame[ours].where(here)
            place = f"{'vertebrae' if day == 0 else 'heights'}.height_loss_pct@{day}"
            truth[f"height_{level.lower()}_{day}d"] = place
        for ours, theirs in (("mri_oedema", "edema"), ("cement_volume_ml", "cement_ml")):
            table[f"{theirs}_{level.lower()}"] = frame[ours].where(here)
            truth[f"{theirs}_{level.lower()}"] = f"vertebrae.{ours}"
    table["redcap_survey_identifier"] = np.nan
    table["demographics_complete"] = 2
    table["bone_med_fu"] = (frame["smoker"].fillna(0) == 1).astype(int)
    truth |= {"redcap_survey_identifier": None, "demographics_complete": None, "bone_med_fu": None}
    return Dialect("redcap_wide", {FLAT: table}, {FLAT: truth}, ambiguous=("episodes.sex",))


def english_typos(n: int = 900, seed: int = 13) -> Dialect:
    """An English spreadsheet typed by hand: typing errors, words for codes, ASA I-IV, NA."""
    frame = flat(n, seed)
    for name in frame.select_dtypes("boolean"):
        frame[name] = words(frame[name], {True: "Y", False: "N"})
    frame["sex"] = words(frame["sex"], {"female": "F", "male": "M"})
    frame["asa_class"] = words(
        frame["asa_class"], {"1": "ASA I", "2": "ASA II", "3": "ASA III", "4": "ASA IV"}
    )
    frame["level"] = frame["level"].str.replace("T", "Thoracic ").str.replace("L", "Lumbar ")
    frame["height_loss_pct"] = scaled(frame["height_loss_pct"], 0.01, 3)
    frame["vitamin_d_nmol_l"] = scaled(frame["vitamin_d_nmol_l"], 1 / 2.496, 1)
    frame["fracture_age_days"] = scaled(frame["fracture_age_days"], 12 / 365.25, 1)
    frame["index_date"] = frame["index_date"].dt.strftime("%m/%d/%Y")
    frame["treatment"] = words(frame["treatment"], {
        "vertebroplasty": "VP", "conservative": "Conservative", "sham": "Sham",
    })  # fmt: skip
    frame["cement_leakage"] = words(frame["cement_leakage"], {
        "none": "No", "disc": "Intradiscal", "perivertebral": "Soft tissue", "vein": "Venous",
        "canal": "Epidural",
    })  # fmt: skip
    frame["t_score"] = frame["t_score"].map(lambda v: f"{v:g}", na_action="ignore").fillna("NA")
    frame["smoker"] = frame["smoker"].fillna("unknown")
    names = {
        "episode_id": "Episode No.", "patient_id": "Patinet ID", "site_id": "Hospital",
        "index_date": "Date of procedure", "treatment": "Treatmnt",
        "follow_up_end_day": "Days of follow-up", "age_years": "Age (years)", "sex": "Sex",
        "bmi_kg_m2": "Body Mas Index", "smoker": "Smokng", "asa_class": "ASA grade",
        "frailty_mfi5": "Frailty index (mFI-5)", "vas_baseline": "Pain before procedure (VAS)",
        "rmdq_baseline": "Roland Moris score", "inpatient": "Inpatient", "bed_rest": "Bed rest",
        "opioids": "Opoids", "fracture_age_days": "Fracture age (months)",
        "t_score": "Lowest T score", "n_prevalent_fractures": "Number of previous fractures",
        "glucocorticoids": "Steroids", "vitamin_d_nmol_l": "Vitamin D (ng/ml)",
        "anti_osteoporosis_treatment": "Osteoporosis treatment",
        "pelvic_incidence_deg": "Pelvic incidnce", "pelvic_tilt_deg": "Pelvic tilt (deg)",
        "sacral_slope_deg": "Sacral slop", "lumbar_lordosis_deg": "Lumbar lordosis",
        "thoracic_kyphosis_deg": "Thoracic kyphosis", "regional_kyphosis_deg": "Local kyphosis",
        "sva_mm": "SVA (mm)", "anticoagulation": "Anticoagulants", "level": "Level",
        "height_loss_pct": "Vertebral height loss", "mri_oedema": "MRI edema",
        "intravertebral_cleft": "Vacuum cleft", "adjacent_oedema": "Adjacent level edema",
        "of_type": "OF type", "treated": "Treated", "cement_volume_ml": "Cement vol (ml)",
        "cement_leakage": "Cement leak", "vas@30": "Pain at 1 month",
        "vas@365": "Pain at 12 months",
    }  # fmt: skip
    table, truth = renamed(frame, names, FLAT)
    table["Surgeon"] = np.random.default_rng(seed).choice(["Dr A", "Dr B", "Dr C"], len(table))
    table["Comments"] = ""
    truth |= {"Surgeon": None, "Comments": None}
    return Dialect(
        "english_typos", {FLAT: table}, {FLAT: truth},
        units={"episodes.fracture_age_days": "months", "episodes.vitamin_d_nmol_l": "ng/ml",
               "vertebrae.height_loss_pct": "percent_0_1"},
        codes=("episodes.sex", "episodes.asa_class", "vertebrae.level", "episodes.treatment",
               "vertebrae.cement_leakage", "episodes.smoker", "episodes.bed_rest"),
    )  # fmt: skip


def dutch_folder(n: int = 700, seed: int = 14) -> Dialect:
    """Five tables with Dutch names; VAS 0-100, ja/nee, man/vrouw, 31-03-2024."""
    sim = simulate(n, seed=seed)
    yes_no = {True: "ja", False: "nee"}
    episodes, vertebrae, visits = sim.episodes.copy(), sim.vertebrae.copy(), sim.visits.copy()
    for part in (episodes, vertebrae, visits):
        for name in part.select_dtypes(["boolean", "bool"]):
            part[name] = words(part[name], yes_no)
    episodes["sex"] = words(episodes["sex"], {"female": "vrouw", "male": "man"})
    episodes["treatment"] = words(episodes["treatment"], {
        "vertebroplasty": "vertebroplastiek", "conservative": "conservatief", "sham": "placebo",
    })  # fmt: skip
    episodes["vas_baseline"] = scaled(episodes["vas_baseline"], 10, 0)
    episodes["index_date"] = episodes["index_date"].dt.strftime("%d-%m-%Y")
    visits["vas"] = scaled(visits["vas"], 10, 0)
    events = sim.events.copy()
    events["event"] = words(events["event"], {
        "new_fracture": "nieuwe fractuur", "death": "overleden", "lost_to_follow_up": "uit zicht",
        "crossover": "crossover", "repeat_procedure": "herhaalde procedure",
    })  # fmt: skip
    names = {
        "episodes": {
            "episode_id": "behandelnummer", "patient_id": "patientnummer", "site_id": "ziekenhuis",
            "index_date": "datum_ingreep", "treatment": "behandeling",
            "follow_up_end_day": "einde_followup_dagen", "age_years": "leeftijd", "sex": "geslacht",
            "bmi_kg_m2": "bmi", "smoker": "roker", "asa_class": "asa_klasse",
            "vas_baseline": "vas_voor", "rmdq_baseline": "rmdq", "inpatient": "opgenomen",
            "bed_rest": "bedrust", "opioids": "opioiden", "fracture_age_days": "leeftijd_fractuur",
            "t_score": "t_score", "n_prevalent_fractures": "aantal_eerdere_fracturen",
            "glucocorticoids": "corticosteroiden", "vitamin_d_nmol_l": "vitamine_d",
            "anti_osteoporosis_treatment": "osteoporose_medicatie",
            "pelvic_incidence_deg": "pelvic_incidence", "pelvic_tilt_deg": "pelvic_tilt",
            "sacral_slope_deg": "sacral_slope", "lumbar_lordosis_deg": "lumbale_lordose",
            "thoracic_kyphosis_deg": "thoracale_kyfose", "sva_mm": "sva",
            "anticoagulation": "antistolling",
        },
        "vertebrae": {
            "episode_id": "behandelnummer", "level": "niveau", "height_loss_pct": "hoogteverlies",
            "mri_oedema": "oedeem", "intravertebral_cleft": "cleft", "of_type": "of_type",
            "treated": "behandeld", "cement_volume_ml": "cement_ml", "cement_leakage": "lekkage",
        },
        "visits": {
            "episode_id": "behandelnummer", "day": "dag", "vas": "pijn", "rmdq": "rmdq",
            "opioids": "opioiden",
        },
        "heights": {
            "episode_id": "behandelnummer", "level": "wervel", "day": "dag",
            "height_loss_pct": "hoogteverlies",
        },
        "events": {
            "episode_id": "behandelnummer", "day": "dag", "event": "gebeurtenis", "level": "wervel",
        },
    }  # fmt: skip
    files = {"episodes": "ingrepen", "vertebrae": "wervels", "visits": "controles",
             "heights": "rontgen", "events": "complicaties"}  # fmt: skip
    ours = {"episodes": episodes, "vertebrae": vertebrae, "visits": visits,
            "heights": sim.heights, "events": events}  # fmt: skip
    made = {files[t]: renamed(ours[t], names[t], t) for t in names}
    return Dialect(
        "dutch_folder", {f: m[0] for f, m in made.items()}, {f: m[1] for f, m in made.items()},
        roles={f: t for t, f in files.items()},
        units={"episodes.vas_baseline": "vas_0_100", "visits.vas": "vas_0_100"},
        codes=("episodes.sex", "episodes.treatment", "events.event", "episodes.smoker",
               "vertebrae.treated", "visits.opioids"),
    )  # fmt: skip


def french_flat(n: int = 900, seed: int = 21) -> Dialect:
    """Held out. Semicolons, decimal commas, oui/non, H/F, dates 31/03/2024."""
    frame = flat(n, seed)
    for name in frame.select_dtypes("boolean"):
        frame[name] = words(frame[name], {True: "oui", False: "non"})
    frame["sex"] = words(frame["sex"], {"female": "F", "male": "H"})
    frame["treatment"] = words(frame["treatment"], {
        "vertebroplasty": "vertébroplastie", "conservative": "conservateur", "sham": "placebo",
    })  # fmt: skip
    frame["index_date"] = frame["index_date"].dt.strftime("%d/%m/%Y")
    frame["vas_baseline"] = scaled(frame["vas_baseline"], 10, 0)
    names = {
        "episode_id": "n° dossier", "site_id": "centre", "index_date": "date intervention",
        "treatment": "traitement", "age_years": "âge", "sex": "sexe", "bmi_kg_m2": "IMC",
        "smoker": "tabagisme", "asa_class": "score ASA", "vas_baseline": "EVA initiale",
        "rmdq_baseline": "Roland-Morris", "inpatient": "hospitalisé", "bed_rest": "alitement",
        "opioids": "morphiniques", "fracture_age_days": "ancienneté fracture (jours)",
        "t_score": "T-score", "n_prevalent_fractures": "nb fractures antérieures",
        "glucocorticoids": "corticoïdes", "vitamin_d_nmol_l": "vitamine D (nmol/l)",
        "anti_osteoporosis_treatment": "traitement anti-ostéoporotique",
        "pelvic_incidence_deg": "incidence pelvienne", "pelvic_tilt_deg": "version pelvienne",
        "sacral_slope_deg": "pente sacrée", "lumbar_lordosis_deg": "lordose lombaire",
        "thoracic_kyphosis_deg": "cyphose thoracique", "regional_kyphosis_deg": "cyphose régionale",
        "sva_mm": "SVA (mm)", "anticoagulation": "anticoagulants", "level": "niveau",
        "height_loss_pct": "perte de hauteur (%)", "mri_oedema": "œdème IRM",
        "intravertebral_cleft": "fente intravertébrale", "cement_volume_ml": "volume ciment (ml)",
        "vas@30": "EVA J30", "vas@365": "EVA J365",
    }  # fmt: skip
    table, truth = renamed(frame, names, FLAT)
    table["commentaire"] = ""
    truth |= {"commentaire": None}
    return Dialect(
        "french_flat", {FLAT: with_comma(table)}, {FLAT: truth},
        units={"episodes.vas_baseline": "vas_0_100"},
        codes=("episodes.sex", "episodes.treatment", "episodes.smoker", "episodes.opioids"),
        csv={"sep": ";"},
    )  # fmt: skip


def us_abbreviated(n: int = 900, seed: int = 22) -> Dialect:
    """Held out. Terse database names in capitals, 0/1, levels as words, ISO dates."""
    frame = flat(n, seed)
    for name in frame.select_dtypes("boolean"):
        frame[name] = frame[name].astype("Int64")
    frame["sex"] = words(frame["sex"], {"female": "FEMALE", "male": "MALE"})
    frame["sva_mm"] = scaled(frame["sva_mm"], 0.1, 1)
    frame["of_type"] = frame["of_type"].str.removeprefix("OF")
    names = {
        "episode_id": "CASEID", "patient_id": "PTID", "site_id": "SITE", "index_date": "INDEX_DT",
        "treatment": "TX", "age_years": "AGE_YRS", "sex": "PT_SEX", "bmi_kg_m2": "BMI_CALC",
        "smoker": "SMK", "asa_class": "ASA_CL", "frailty_mfi5": "MFI", "vas_baseline": "VAS_BL",
        "rmdq_baseline": "RMDQ_BL", "inpatient": "INPT", "bed_rest": "BED_REST",
        "opioids": "OPIOID", "fracture_age_days": "FX_AGE_D", "t_score": "TSCORE_MIN",
        "n_prevalent_fractures": "PREV_VFX_N", "glucocorticoids": "GC_USE",
        "vitamin_d_nmol_l": "VITD", "anti_osteoporosis_treatment": "AO_TX",
        "pelvic_incidence_deg": "PELV_INC", "pelvic_tilt_deg": "PELV_TILT",
        "sacral_slope_deg": "SAC_SLOPE", "lumbar_lordosis_deg": "LUMB_LORD",
        "thoracic_kyphosis_deg": "THOR_KYPH", "sva_mm": "SVA_CM", "neurological_signs": "NEURO_DEF",
        "anticoagulation": "ANTICOAG", "level": "FX_LVL", "height_loss_pct": "HT_LOSS_PCT",
        "mri_oedema": "MRI_EDEMA", "of_type": "OF_CLASS", "treated": "LVL_TREATED",
        "cement_volume_ml": "CMT_VOL_ML", "cement_leakage": "CMT_LEAK", "vas@30": "VAS_1M",
        "vas@90": "VAS_3M", "vas@365": "VAS_12M",
    }  # fmt: skip
    table, truth = renamed(frame, names, FLAT)
    table["LOS_DAYS"] = np.random.default_rng(seed).integers(1, 20, len(table))
    table["ZIP"] = np.random.default_rng(seed).integers(10000, 99999, len(table))
    truth |= {"LOS_DAYS": None, "ZIP": None}
    return Dialect(
        "us_abbreviated", {FLAT: table}, {FLAT: truth}, units={"episodes.sva_mm": "cm"},
        codes=("vertebrae.of_type",),
    )  # fmt: skip


def spanish_folder(n: int = 700, seed: int = 23) -> Dialect:
    """Held out. Four tables with Spanish names; si/no, mujer/hombre."""
    sim = simulate(n, seed=seed)
    episodes, vertebrae, visits = sim.episodes.copy(), sim.vertebrae.copy(), sim.visits.copy()
    for part in (episodes, vertebrae, visits):
        for name in part.select_dtypes(["boolean", "bool"]):
            part[name] = words(part[name], {True: "sí", False: "no"})
    episodes["sex"] = words(episodes["sex"], {"female": "mujer", "male": "hombre"})
    events = sim.events.copy()
    events["event"] = words(events["event"], {
        "new_fracture": "nueva fractura", "death": "muerte", "lost_to_follow_up": "perdido",
        "crossover": "cruce", "repeat_procedure": "nuevo procedimiento",
    })  # fmt: skip
    names = {
        "episodes": {
            "episode_id": "id_episodio", "patient_id": "id_paciente", "site_id": "hospital",
            "index_date": "fecha", "treatment": "tratamiento", "age_years": "edad", "sex": "sexo",
            "bmi_kg_m2": "imc", "smoker": "fumador", "asa_class": "asa",
            "vas_baseline": "eva_basal",
            "inpatient": "ingresado", "opioids": "opioides", "fracture_age_days": "dias_fractura",
            "t_score": "tscore", "n_prevalent_fractures": "fracturas_previas",
            "glucocorticoids": "corticoides", "vitamin_d_nmol_l": "vitamina_d",
            "pelvic_tilt_deg": "version_pelvica", "lumbar_lordosis_deg": "lordosis_lumbar",
        },
        "vertebrae": {
            "episode_id": "id_episodio", "level": "nivel", "height_loss_pct": "perdida_altura",
            "mri_oedema": "edema", "cement_volume_ml": "volumen_cemento", "cement_leakage": "fuga",
        },
        "visits": {"episode_id": "id_episodio", "day": "dia", "vas": "eva", "rmdq": "rmdq"},
        "events": {"episode_id": "id_episodio", "day": "dia", "event": "evento", "level": "nivel"},
    }  # fmt: skip
    files = {"episodes": "pacientes", "vertebrae": "niveles", "visits": "seguimiento",
             "events": "eventos"}  # fmt: skip
    ours = {"episodes": episodes, "vertebrae": vertebrae, "visits": visits, "events": events}
    made = {files[t]: renamed(ours[t], names[t], t) for t in names}
    return Dialect(
        "spanish_folder", {f: m[0] for f, m in made.items()}, {f: m[1] for f, m in made.items()},
        roles={f: t for t, f in files.items()},
        codes=("episodes.sex", "episodes.smoker", "events.event"),
    )  # fmt: skip


TUNED = (german_flat, redcap_wide, english_typos, dutch_folder)
HELD_OUT = (french_flat, us_abbreviated, spanish_folder)
