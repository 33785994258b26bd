"""Reading whole registries: five tables, flat files, nested vertebrae, real GLOW."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vfprog.config import load_config
from vfprog.data.mapping import Mapping
from vfprog.data.readers import failure_table, read_registry, require_clean
from vfprog.errors import ConfigError, Failure, InputError
from vfprog.schema.registry import SIMULATED_MARK

EPISODES = """\
episode_id,patient_id,site_id,index_date,treatment,follow_up_end_day,age_years,sex,\
smoker,asa_class
e1,p1,s1,2020-01-02,vertebroplasty,400,71.5,female,yes,2
e2,p1,s1,2021-01-02,conservative,365,80,Male,0,
e3,p2,s2,,sham,,,,,4.0
"""
VERTEBRAE = """episode_id,level,height_loss_pct,treated,cement_volume_ml,cement_leakage
e1,L1,30,true,4.5,none
e1,T12,10,true,3,disc
e3,L5,,false,,
"""


def write(folder: Path, **tables: str) -> Path:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def rules(failures: tuple[Failure, ...]) -> list[tuple[str, str | int | None, str, str]]:
    return [(f.table, f.row, f.column, f.rule) for f in failures]


def test_five_tables_become_numbers(tmp_path):
    visits = "episode_id,day,vas,opioids\ne1,30,2.5,no\n"
    heights = "episode_id,level,day,height_loss_pct\ne1,L1,365,45\n"
    events = "episode_id,day,event,level\ne2,100,new_fracture,T9\n"
    write(tmp_path, episodes=EPISODES, vertebrae=VERTEBRAE, visits=visits,
          heights=heights, events=events)  # fmt: skip
    registry, failures = read_registry(tmp_path)
    assert failures == ()
    episodes = registry.episodes
    assert episodes["episode_id"].tolist() == ["e1", "e2", "e3"]
    np.testing.assert_array_equal(episodes["age_years"], [71.5, 80, np.nan])
    np.testing.assert_array_equal(episodes["sex"], [0, 1, np.nan])
    np.testing.assert_array_equal(episodes["smoker"], [1, 0, np.nan])
    # class 2 is the second level, place 1; 4.0 is what a spreadsheet makes of class 4
    np.testing.assert_array_equal(episodes["asa_class"], [1, np.nan, 3])
    assert episodes["index_date"][0] == pd.Timestamp("2020-01-02")
    np.testing.assert_array_equal(registry.vertebrae["level"], [9, 8, 13])
    np.testing.assert_array_equal(registry.vertebrae["cement_leakage"], [0, 1, np.nan])
    np.testing.assert_array_equal(registry.arrays().owner, [0, 0, 2])
    assert registry.visits.loc[0, ["day", "vas", "opioids"]].tolist() == [30, 2.5, 0]
    assert registry.heights["level"].tolist() == [9]
    assert registry.events.loc[0, ["event", "level"]].tolist() == ["new_fracture", 5]
    assert not registry.simulated
    assert registry.source == tmp_path.name


def test_parquet_and_csv_give_the_same_registry(tmp_path):
    (tmp_path / "csv").mkdir()
    (tmp_path / "parquet").mkdir()
    write(tmp_path / "csv", episodes=EPISODES, vertebrae=VERTEBRAE)
    typed = pd.DataFrame(
        {
            "episode_id": ["e1", "e2", "e3"], "patient_id": ["p1", "p1", "p2"],
            "site_id": ["s1", "s1", "s2"],
            "index_date": pd.to_datetime(["2020-01-02", "2021-01-02", None]),
            "treatment": pd.Categorical(["vertebroplasty", "conservative", "sham"]),
            "follow_up_end_day": pd.array([400, 365, None], dtype="Int64"),
            "age_years": [71.5, 80, np.nan], "sex": ["female", "male", None],
            "smoker": [True, False, None], "asa_class": [2, None, 4],
        }
    )  # fmt: skip
    typed.to_parquet(tmp_path / "parquet" / "episodes.parquet")
    pd.read_csv(
        tmp_path / "csv" / "vertebrae.csv", keep_default_na=False, na_values=[""]
    ).to_parquet(tmp_path / "parquet" / "vertebrae.parquet")
    from_csv, _ = read_registry(tmp_path / "csv")
    from_parquet, failures = read_registry(tmp_path / "parquet")
    assert failures == ()
    pd.testing.assert_frame_equal(from_parquet.episodes, from_csv.episodes)
    pd.testing.assert_frame_equal(from_parquet.vertebrae, from_csv.vertebrae)


def test_absent_tables_are_empty_with_their_columns(tmp_path):
    registry, failures = read_registry(write(tmp_path, episodes=EPISODES))
    assert failures == ()
    assert registry.visits.columns.tolist() == ["episode_id", "day", "vas", "rmdq", "opioids"]
    assert len(registry.vertebrae) == len(registry.events) == 0
    assert registry.arrays().n == 3


def test_simulated_stays_simulated(tmp_path):
    write(tmp_path, episodes=EPISODES)
    (tmp_path / "registry.yaml").write_text("simulated: true\nseed: 1\n")
    assert read_registry(tmp_path)[0].simulated


@pytest.mark.parametrize("about", [None, "simulated: false\n"])
def test_one_marked_table_makes_the_registry_simulated(tmp_path, about):
    frame = pd.read_csv(io.StringIO(EPISODES))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for name in ("plain", "marked"):
        if name == "marked":
            table = table.replace_schema_metadata(dict([SIMULATED_MARK]))
        pq.write_table(table, tmp_path / "episodes.parquet")
        if about is not None:
            (tmp_path / "registry.yaml").write_text(about)
        assert read_registry(tmp_path)[0].simulated is (name == "marked")
    assert read_registry(tmp_path / "episodes.parquet")[0].simulated


def test_a_folder_that_holds_the_truth_is_simulated(tmp_path):
    write(tmp_path, episodes=EPISODES)
    (tmp_path / "truth.parquet").touch()
    assert read_registry(tmp_path)[0].simulated


def test_simulated_must_be_true_or_false(tmp_path):
    write(tmp_path, episodes=EPISODES)
    (tmp_path / "registry.yaml").write_text("simulated: Yes\n")
    with pytest.raises(ConfigError, match="must be true or false, got 'Yes'"):
        read_registry(tmp_path)


def test_digest_follows_the_content(tmp_path):
    write(tmp_path, episodes=EPISODES)
    first = read_registry(tmp_path)[0].digest
    content = hashlib.sha256(EPISODES.encode()).digest()
    assert first == hashlib.sha256(b"episodes" + content).hexdigest()
    write(tmp_path, vertebrae=VERTEBRAE)
    assert read_registry(tmp_path)[0].digest != first


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_nested_vertebrae(tmp_path, suffix):
    vertebrae = [
        [{"level": "L1", "height_loss_pct": 35, "treated": True}, {"level": "L2"}],
        [],
        [{"level": "T7", "cement_leakage": "none"}],
    ]
    frame = pd.DataFrame({"episode_id": ["a", "b", "c"], "age_years": [70, 75, 80]})
    path = tmp_path / f"patients.{suffix}"
    if suffix == "csv":
        frame.assign(vertebrae=[json.dumps(v) for v in vertebrae]).to_csv(path, index=False)
    else:
        frame.assign(vertebrae=vertebrae).to_parquet(path)
    registry, failures = read_registry(path, scoring=True)
    assert failures == ()
    arrays = registry.arrays()
    np.testing.assert_array_equal(arrays.owner, [0, 0, 2])
    np.testing.assert_array_equal(arrays.vertebrae["level"], [9, 10, 3])
    np.testing.assert_array_equal(arrays.vertebrae["height_loss_pct"], [35, np.nan, np.nan])
    np.testing.assert_array_equal(arrays.vertebrae["cement_leakage"], [np.nan, np.nan, 0])


@pytest.mark.parametrize(
    "cell", ["L1", '{""level"": ""L1""}', '[""L1""]', "[1,", "[" * 100_000, "9" * 5000]
)
def test_nested_value_that_is_no_list_of_vertebrae(tmp_path, cell):
    path = tmp_path / "p.csv"
    path.write_text(f'episode_id,vertebrae\na,"{cell}"\n')
    assert rules(read_registry(path, scoring=True)[1]) == [
        ("episodes", "a", "vertebrae", "vertebrae")
    ]


def test_nested_vertebrae_of_an_unnamed_episode_are_called_by_their_row(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text('episode_id,vertebrae\na,[]\n,"[{""level"": ""X9""}]"\n')
    assert ("vertebrae", 3, "level", "level") in rules(read_registry(path, scoring=True)[1])


def test_flat_file_with_one_vertebra_in_plain_columns(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("age_years,level,height_loss_pct\n70,L1,20\n71,,\n72,,15\n")
    registry, failures = read_registry(path, scoring=True)
    assert failures == ()
    # the first record stands in row 2 of a spreadsheet
    assert registry.episodes["episode_id"].tolist() == ["2", "3", "4"]
    np.testing.assert_array_equal(registry.arrays().owner, [0, 2])


def test_absent_keys_are_filled_in_and_said(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("treatment,age_years\nvertebroplasty,70\nvertebroplasty,71\n")
    registry, failures = read_registry(path)
    assert [(f.rule, f.severity) for f in failures] == [
        ("no_episode_id", "warning"), ("no_patient_id", "warning"), ("no_site_id", "warning"),
    ]  # fmt: skip
    assert registry.episodes["patient_id"].tolist() == ["2", "3"]
    assert registry.episodes["site_id"].tolist() == ["all", "all"]


def test_treatment_is_needed_except_for_scoring_or_all_episodes(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("episode_id,patient_id,site_id,tretment,age\na,a,s,x,70\n")
    _, failures = read_registry(path)
    missing = next(f for f in failures if f.rule == "missing_column")
    assert (missing.column, missing.severity) == ("treatment", "error")
    assert "did you mean 'tretment'?" in missing.message
    columns = {"episode_id": "episode_id", "patient_id": "patient_id", "site_id": "site_id",
               "age_years": "age"}  # fmt: skip
    options = {"columns": columns, "ignore": ["tretment"]}
    everyone = Mapping.model_validate({**options, "all_episodes": True})
    assert read_registry(path, mapping=everyone)[1] == ()
    assert read_registry(path, mapping=Mapping.model_validate(options), scoring=True)[1] == ()


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("", "unreadable"),
        ("a;b,c\n1;2,3\n", "delimiter"),
        ("episode_id,age_years,age_years\na,70,71\n", "duplicate_column"),
        ("episode_id,treatment\na,sham,77\n", "unreadable"),
        ("episode_id,treatment\na,sham\nb,sham,1,2\n", "unreadable"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, rule):
    path = tmp_path / "p.csv"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_registry(path)
    assert [f.rule for f in caught.value.failures] == [rule]


def test_how_a_file_was_read_is_said_and_can_be_overruled(tmp_path):
    path = tmp_path / "p.csv"
    path.write_bytes("episode_id;treatment;site_id\na;sham;Zürich\n".encode("latin-1"))
    registry, failures = read_registry(path, scoring=True)
    assert registry.episodes["site_id"].tolist() == ["Zürich"]
    assert [(f.rule, f.severity, f.value) for f in failures] == [("read_as", "note", "cp1252 ;")]
    greek = Mapping.model_validate({"encoding": "iso8859-7"})
    other = read_registry(path, mapping=greek, scoring=True)[0]
    assert other.episodes["site_id"].tolist() == ["Zόrich"]  # 0xFC is another letter there
    comma = Mapping.model_validate({"delimiter": ","})
    with pytest.raises(InputError) as caught:
        read_registry(path, mapping=comma)
    assert [f.rule for f in caught.value.failures] == ["delimiter"]
    with pytest.raises(ConfigError, match="encoding 'latin-0' is unknown"):
        read_registry(path, mapping=Mapping.model_validate({"encoding": "latin-0"}))


@pytest.mark.parametrize("name", ["nothing", "nothing.csv", "text.doc"])
def test_absent_files_are_named(tmp_path, name):
    (tmp_path / "text.doc").write_text("x")
    with pytest.raises(InputError) as caught:
        read_registry(tmp_path / name)
    assert caught.value.failures[0].rule in {"no_file", "file_type"}
    assert name in str(caught.value)


def test_folder_without_episodes(tmp_path):
    with pytest.raises(InputError, match=r"no file episodes\.csv or episodes\.parquet"):
        read_registry(tmp_path)


def test_empty_rows_are_left_out_with_a_word(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("episode_id,treatment\na,sham\n,\nb,\n")
    registry, failures = read_registry(path)
    assert registry.episodes["episode_id"].tolist() == ["a", "b"]
    found = rules(failures)
    assert ("episodes", 3, "file", "empty_row") in found
    assert ("episodes", "b", "treatment", "required") in found


def test_require_clean_stops_at_errors_only():
    warning = Failure("episodes", 2, "age_years", 99, "usual_range", "rare", "warning")
    error = Failure("episodes", 3, "age_years", 7, "hard_range", "impossible")
    require_clean([warning])
    with pytest.raises(InputError) as caught:
        require_clean([warning, error])
    assert caught.value.failures == (error,)


def test_failure_table_lists_the_worst_first():
    warning = Failure("episodes", 2, "age_years", 99, "usual_range", "rare", "warning")
    error = Failure("visits", "a", "vas", 11, "hard_range", "impossible")
    table = failure_table([warning, error])
    assert table.columns.tolist() == [
        "table", "row", "line", "column", "value", "rule", "message", "severity", "what_to_do",
    ]  # fmt: skip
    assert table["severity"].tolist() == ["error", "warning"]
    assert table["row"].tolist() == ["a", 2]
    assert failure_table([]).columns.tolist() == table.columns.tolist()


@pytest.mark.realdata
def test_glow(realdata):
    registry, failures = read_registry(realdata / "glow" / "glow500.csv", mapping="glow")
    # one woman of 199 cm; everything else is usual
    assert rules(failures) == [("episodes", "281", "height_cm", "usual_range")]
    require_clean(failures)
    assert len(registry.episodes) == 500
    assert registry.episodes["site_id"].nunique() == 6
    assert registry.outcomes is not None
    assert registry.outcomes["event"].sum() == 125
    assert registry.all_episodes
    raw = pd.read_csv(realdata / "glow" / "glow500.csv")
    np.testing.assert_array_equal(registry.episodes["age_years"], raw["age"])
    np.testing.assert_array_equal(registry.episodes["weight_kg"], raw["weight"])
    np.testing.assert_array_equal(registry.episodes["prior_fracture"], raw["priorfrac"] == "Yes")
    codes = raw["raterisk"].map({"Less": 0, "Same": 1, "Greater": 2})
    np.testing.assert_array_equal(registry.episodes["fracture_risk_self_rated"], codes)
    assert "bmi_kg_m2" not in registry.episodes


@pytest.mark.realdata
def test_glow_missing_values_match_their_complete_twin(realdata):
    gaps, _ = read_registry(realdata / "glow" / "glow_mis_wmissing.csv", mapping="glow_missing")
    whole, _ = read_registry(realdata / "glow" / "glow_mis_comp.csv", mapping="glow_missing")
    for name in ("age_years", "weight_kg", "height_cm", "prior_fracture", "mother_fracture",
                 "fracture_risk_self_rated"):  # fmt: skip
        seen = gaps.episodes[name].notna()
        assert seen.sum() == 400
        np.testing.assert_array_equal(gaps.episodes[name][seen], whole.episodes[name][seen])


@pytest.mark.realdata
def test_glow_bonemed_reads_nothing_measured_later(realdata):
    path = realdata / "glow" / "glow_bonemed.csv"
    registry, failures = read_registry(path, mapping="glow_bonemed")
    require_clean(failures)
    assert "bone_medication" in registry.episodes
    assert registry.episodes["bone_medication"].sum() == 129


@pytest.mark.realdata
@pytest.mark.parametrize("column", ["bonemed_fu", "bonetreat"])
@pytest.mark.parametrize("known_at", ["preprocedure", "follow_up"])
def test_glow_medication_at_follow_up_is_refused_as_predictor(realdata, column, known_at):
    mapping = Mapping.model_validate(_bonemed_with(column, known_at))
    path = realdata / "glow" / "glow_bonemed.csv"
    _, failures = read_registry(path, mapping=mapping)
    with pytest.raises(InputError, match="measured after the index date"):
        require_clean(failures)
    errors = [f for f in failures if f.severity == "error"]
    assert rules(tuple(errors)) == [("mapping", None, "medication_later", "not_yet_known")]


def _bonemed_with(column: str, known_at: str) -> dict[str, object]:
    content = load_config("glow_bonemed", folder="mappings")
    leak = {"name": "medication_later", "label": "Medication later", "kind": "binary",
            "concept": "bone", "known_at": known_at, "column": column}  # fmt: skip
    return {**content, "extra_predictors": [*content["extra_predictors"], leak]}
