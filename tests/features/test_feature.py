import json

import pytest

from vfprog.features.feature import Feature
from vfprog.features.plan import feature_plan
from vfprog.schema.dictionary import load_dictionary


def test_every_feature_survives_json():
    for feature in feature_plan(load_dictionary()).features:
        assert Feature.from_dict(json.loads(json.dumps(feature.to_dict()))) == feature


def test_content_by_hand():
    feature = Feature("a_max", "A", "continuous", ("a",), "bone", "procedure", (("response", -1),))
    assert feature.to_dict() == {
        "name": "a_max",
        "label": "A",
        "kind": "continuous",
        "parents": ["a"],
        "concept": "bone",
        "known_at": "procedure",
        "monotone": {"response": -1},
    }


@pytest.mark.parametrize(("field", "value"), [("kind", "count"), ("known_at", "follow_up")])
def test_unknown_words_are_refused(field, value):
    content = feature_plan(load_dictionary()).features[0].to_dict() | {field: value}
    with pytest.raises(ValueError, match=f"got '{value}'"):
        Feature.from_dict(content)
