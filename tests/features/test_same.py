from __future__ import annotations

from vfprog.features.same import Same


def test_the_very_same_objects_in_the_same_order() -> None:
    one, other = [1], [1]
    assert Same(one, other) == Same(one, other)
    assert hash(Same(one, other)) == hash(Same(one, other))
    assert Same(one) != Same(other)  # equal, not the same
    assert Same(one, other) != Same(other, one)
    assert Same(one) != Same(one, other)
    assert Same(one) != one
