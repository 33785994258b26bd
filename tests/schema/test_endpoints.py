import pytest
from pydantic import ValidationError

from vfprog.config import list_configs
from vfprog.errors import ConfigError
from vfprog.schema.endpoints import DEFAULT_ENDPOINTS, Endpoint, PainRule, load_endpoint

SHIPPED = [n.removeprefix("endpoints/") for n in list_configs() if n.startswith("endpoints/")]
PAIN = {"name": "x", "label": "x", "kind": "pain", "horizon_days": 30, "window_days": (14, 60),
        "rule": {"fall_at_least": 3}}  # fmt: skip
HEIGHT = {"name": "x", "label": "x", "kind": "height", "horizon_days": 365,
          "window_days": (300, 455)}  # fmt: skip
EVENT = {"name": "x", "label": "x", "kind": "event", "horizon_days": 365}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_endpoint_loads_under_its_own_name(name):
    endpoint = load_endpoint(name)
    assert endpoint.name == name
    assert endpoint.family in DEFAULT_ENDPOINTS
    assert str(endpoint.horizon_days) in endpoint.definition


def test_the_defaults_are_those_of_the_design():
    response, loss, fracture = map(load_endpoint, DEFAULT_ENDPOINTS)
    assert (response.horizon_days, response.window_days) == (30, (14, 60))
    assert response.rule == PainRule(fall_at_least=3)
    assert response.vas_baseline_at_least == 3
    assert (loss.horizon_days, loss.window_days, loss.height_loss_at_least) == (365, (300, 455), 10)
    assert loss.baseline_film == "first_after_procedure"
    assert (fracture.horizon_days, fracture.location) == (365, "any")
    for endpoint in (response, loss, fracture):
        assert endpoint.population == ("vertebroplasty",)
        assert (endpoint.death, endpoint.intercurrent) == ("no_event", "treatment_policy")


def test_definitions_are_written_from_the_fields():
    assert load_endpoint("response").definition == (
        "VAS fall of at least 3 points at 30 days (visit nearest, within 14-60), if baseline VAS "
        "is at least 3; population: vertebroplasty; death counts as no event; "
        "crossover: treatment policy"
    )
    assert load_endpoint("response_cochrane").definition.startswith(
        "VAS fall of at least 2.5 points or VAS fall of at least 30% at 30 days"
    )
    assert "VAS below 4 at 14 days" in load_endpoint("response_vapour").definition
    assert "10 percentage points" in load_endpoint("height_loss").definition
    adjacent = load_endpoint("new_fracture_adjacent")
    assert adjacent.definition.startswith("a new fracture of an adjacent vertebra by 365 days")
    everyone = Endpoint(**EVENT | {"population": (), "death": "censor", "intercurrent": "censor"})
    assert everyone.definition.endswith(
        "population: all episodes; death censors; crossover: censor"
    )
    coded = Endpoint(name="x", label="Back to work", kind="coded", horizon_days=90)
    assert coded.definition.startswith("Back to work by 90 days, as coded by the registry")
    assert "death counts" not in coded.definition
    assert coded.definition.endswith("death and crossover: as the registry coded the outcome")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (PAIN | {"window_days": None}, "needs window_days"),
        (HEIGHT | {"window_days": None}, "needs window_days"),
        (PAIN | {"horizon_days": 90}, "must lie within window_days"),
        (PAIN | {"rule": None}, "and only they, have a rule"),
        (EVENT | {"rule": {"below": 4}}, "and only they, have a rule"),
        (PAIN | {"rule": {}}, "a pain rule needs"),
        (EVENT | {"horizn_days": 9}, "Extra inputs"),
        (EVENT | {"name": "New fracture"}, "pattern"),
        (EVENT | {"horizon_days": 0}, "greater than 0"),
        (EVENT | {"horizon_days": None}, "only a coded outcome may leave horizon_days open"),
        (PAIN | {"horizon_days": None}, "only a coded outcome may leave horizon_days open"),
        (EVENT | {"location": "near"}, "adjacent"),
    ],
)
def test_contradictions_are_refused(fields, message):
    with pytest.raises(ValidationError, match=message):
        Endpoint(**fields)


def test_families_give_variants_the_directions_of_their_parent():
    assert Endpoint(**PAIN).family == "response"
    assert Endpoint(**HEIGHT).family == "height_loss"
    assert Endpoint(**EVENT).family == "new_fracture"
    assert Endpoint(name="x", label="x", kind="coded", horizon_days=1).family == "x"


def test_a_faulty_file_names_its_fields(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nlabel: m\nkind: event\nhorizon_days: -1\nlocatoin: any\n")
    with pytest.raises(ConfigError) as caught:
        load_endpoint(path)
    assert "horizon_days" in str(caught.value)
    assert "locatoin" in str(caught.value)
    with pytest.raises(ConfigError, match="response_vapour"):
        load_endpoint("no_such_endpoint")


def test_a_coded_outcome_may_leave_its_horizon_open():
    chronic = Endpoint(name="chronic", label="Chronic pain", kind="coded", population=())
    assert (chronic.horizon_days, chronic.horizon) == (None, "horizon not stated")
    assert chronic.definition.startswith(
        "Chronic pain (horizon not stated), as coded by the registry; population: all episodes"
    )
    assert load_endpoint("response").horizon == "30 days"
