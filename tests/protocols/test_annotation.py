"""Problems stand at the smallest field that holds them, or at one of their own."""

import pytest

from bench.core.trace import Field, Problem
from bench.protocols.annotation import with_problems

TREE = (
    Field("apdu", 0, 10, ""),
    Field("apdu/a", 0, 4, ""),
    Field("apdu/a/1", 1, 2, ""),
    Field("apdu/b", 4, 4, ""),
)
FLAT = (Field("head", 0, 2, ""), Field("head of another", 2, 3, ""))


@pytest.mark.parametrize(
    ("offset", "path"),
    [(0, "apdu/a"), (1, "apdu/a/1"), (2, "apdu/a/1"), (3, "apdu/a"), (4, "apdu/b")],
)
@pytest.mark.parametrize("own", [False, True])
def test_the_smallest_field_has_the_problem(offset, path, own):
    found = with_problems(TREE, [Problem(offset, "wrong")], own=own)
    assert [f.path for f in found if f.problem] == [path]
    assert len(found) == len(TREE)


@pytest.mark.parametrize("offset", [8, 10, 99])
def test_what_only_the_whole_holds_gets_a_field_of_its_own(offset):
    found = with_problems(TREE, [Problem(offset, "rest", "trailing", length=2)], own=True)
    assert found == (*TREE, Field("trailing", offset, 2, "", "rest"))


@pytest.mark.parametrize(("offset", "path"), [(8, "apdu"), (99, "apdu/b")])
def test_without_that_it_stands_at_the_field_that_is_nearest(offset, path):
    found = with_problems(TREE, [Problem(offset, "wrong")])
    assert [f.path for f in found if f.problem] == [path]


def test_fields_side_by_side_are_not_in_each_other():
    found = with_problems(FLAT, [Problem(3, "one"), Problem(4, "two"), Problem(7, "three")])
    assert [f.problem for f in found] == ["", "one; two; three"]
    assert with_problems((), [Problem(0, "one")]) == ()
    assert with_problems(TREE[:1], [Problem(0, "one")], own=True)[0].problem == "one"
