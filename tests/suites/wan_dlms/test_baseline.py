"""The baseline of an object list: what it records, and which changes it tells apart."""

import json
from dataclasses import replace

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import (
    array,
    enum,
    integer,
    long_unsigned,
    null,
    octet_string,
    structure,
)
from suites.wan_dlms.answer import Answer, Ending, Reply
from suites.wan_dlms.attribute_types import parse_rule
from suites.wan_dlms.baseline import Baseline, compare, load, record, type_text
from suites.wan_dlms.survey import AttributeRight, ListedObject, Survey

NAME = LogicalName(1, 0, 1, 8, 0, 255)
OBJECT = ListedObject(
    3,
    0,
    NAME,
    (AttributeRight(1, 1), AttributeRight(2, 1), AttributeRight(3, 3, (1, 2))),
    {1: 1, 2: 0},
)
VALUES = {1: octet_string(NAME.octets), 2: long_unsigned(7), 3: structure(integer(0), enum(30))}


def answered(data):
    return Answer((Reply(Ending.ANSWER),), result=0, data=data)


def surveyed(*objects, values=None):
    answers = {
        (one.class_id, one.name, number): answered(data)
        for one in objects
        for number, data in (values or VALUES).items()
    }
    return Survey("suite0", 1, answered(array()), objects, answers)


BEFORE = record(surveyed(OBJECT), "test:")


def kinds(*objects, values=None):
    return [one.kind for one in compare(BEFORE, surveyed(*objects, values=values))]


def test_what_is_recorded_can_be_read_again(tmp_path):
    path = tmp_path / "b.json"
    path.write_text(json.dumps(BEFORE.to_json()))
    assert load(str(path)) == BEFORE
    known = BEFORE.objects[3, NAME]
    assert [one.type for one in known.attributes] == [
        "octet-string",
        "long-unsigned",
        "structure(integer, enum)",
    ]
    assert known.methods == (1,)


def test_nothing_has_changed():
    assert kinds(OBJECT) == []


def test_what_is_lost():
    assert kinds() == ["object"]
    assert kinds(replace(OBJECT, attributes=OBJECT.attributes[:2])) == ["attribute"]
    assert kinds(replace(OBJECT, methods={})) == ["method"]
    narrower = (*OBJECT.attributes[:2], AttributeRight(3, 1, (1,)))
    assert kinds(replace(OBJECT, attributes=narrower)) == ["right"]
    assert kinds(OBJECT, values={**VALUES, 2: octet_string(b"7")}) == ["type"]
    assert kinds(OBJECT, values={**VALUES, 3: structure(enum(30))}) == ["type"]


def test_what_is_added_is_told_apart():
    other = replace(OBJECT, name=LogicalName(1, 0, 2, 8, 0, 255))
    assert kinds(OBJECT, other) == ["added"]
    assert kinds(replace(OBJECT, version=1)) == ["added"]
    more = (*OBJECT.attributes[:2], AttributeRight(3, 3, (1, 2, 3)), AttributeRight(9, 1))
    assert kinds(replace(OBJECT, attributes=more)) == ["added"]


def test_a_version_that_goes_back_is_lost():
    newer = record(surveyed(replace(OBJECT, version=1)))
    assert [one.kind for one in compare(newer, surveyed(OBJECT))] == ["version"]


def test_what_was_empty_may_hold_anything():
    empty = record(surveyed(OBJECT, values={**VALUES, 2: array()}))
    changed = surveyed(OBJECT, values={**VALUES, 2: array(enum(1))})
    assert list(compare(empty, changed)) == []
    unset = record(surveyed(OBJECT, values={**VALUES, 2: null()}))
    assert list(compare(unset, surveyed(OBJECT))) == []
    assert list(compare(BEFORE, surveyed(OBJECT, values={**VALUES, 2: null()}))) == []


@pytest.mark.parametrize(
    "data", [array(enum(1), integer(1)), structure(), array(structure(array()))]
)
def test_every_type_text_is_a_rule_that_the_data_keep(data):
    assert parse_rule(type_text(data)).problem(data) == ""


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '{"schema": "meterbench-p1-baseline-1"}',
        '{"schema": "meterbench-wan-baseline-1", "association": "a", "objects": [{}]}',
    ],
)
def test_a_file_that_is_none_is_told(tmp_path, text):
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="baseline"):
        load(str(path))


def test_an_unknown_type_in_a_file_is_told(tmp_path):
    found = BEFORE.to_json()
    found["objects"][0]["attributes"][0]["type"] = "nonsense"
    path = tmp_path / "b.json"
    path.write_text(json.dumps(found))
    with pytest.raises(UsageError, match="nonsense"):
        load(str(path))


def test_an_object_list_without_objects_is_no_baseline():
    with pytest.raises(UsageError, match="no object"):
        record(surveyed())


def test_the_shipped_baseline_is_that_of_the_reference_meter(session_of):
    from suites.wan_dlms.meter import Meter

    session = session_of()
    try:
        meter = Meter(session, session.aside("wan", "test", 1800))
        survey = meter.survey()
    finally:
        session.close()
    now = record(survey)
    shipped = load("shipped:reference")
    assert replace(shipped, source="") == now
    assert isinstance(shipped, Baseline)
    assert list(compare(shipped, survey)) == []
