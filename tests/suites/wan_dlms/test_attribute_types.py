"""Types of attributes: what a rule accepts and refuses, and that all definitions can be read."""

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.compact_array import CompactArray, TypeDescription
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    Elements,
    array,
    double_long,
    enum,
    integer,
    long,
    long_unsigned,
    null,
    octet_string,
    structure,
    unsigned,
)
from suites.wan_dlms.attribute_types import knows_class, parse_rule, rule_of, rules_of
from vectors.loader import data

SCALER_UNIT = structure(integer(0), enum(30))


@pytest.mark.parametrize(
    ("text", "value", "fits"),
    [
        ("long", long(-60), True),
        ("long", double_long(-60), False),
        ("any", array(), True),
        ("simple", array(), False),
        ("simple", octet_string(b""), True),
        ("scaler-unit", SCALER_UNIT, True),
        ("scaler-unit", structure(enum(30)), False),
        ("scaler-unit", structure(integer(0), unsigned(30)), False),
        ("octet-string|date-time", octet_string(b"x"), True),
        ("a-date-time", long(1), False),
        ("array(unsigned)", array(), True),
        ("array(unsigned)", array(unsigned(1), unsigned(2)), True),
        ("array(unsigned)", array(unsigned(1), long(2)), False),
        ("array(structure(octet-string, array(unsigned)))", array(structure(null())), False),
        ("structure(any, any)", structure(null(), null()), True),
    ],
)
def test_what_a_rule_accepts(text, value, fits):
    assert (parse_rule(text).problem(value) == "") is fits


def test_an_array_may_come_compact():
    row = TypeDescription(DataType.UNSIGNED)
    compact = CompactArray.of(row, Elements.of([unsigned(1)]))
    value = Data(DataType.COMPACT_ARRAY, compact)
    assert parse_rule("array(unsigned)").problem(value) == ""
    assert parse_rule("structure(unsigned)").problem(value)


def test_a_problem_says_where():
    problem = parse_rule("array(script)").problem(array(structure(octet_string(b""), enum(1))))
    assert problem == "element 1: element 2: enum instead of long-unsigned"


@pytest.mark.parametrize("text", ["", "nothing", "array(", "array(unsigned))", "long|", "a b"])
def test_what_is_no_type_is_told(text):
    with pytest.raises(UsageError):
        parse_rule(text)


def test_every_definition_can_be_read_and_names_no_more_attributes_than_the_class_has():
    table = data("wan/attribute_types.toml")["type"]
    names = data("wan/classes.toml")
    for key in table:
        class_id, version = map(int, key.split("."))
        rules = rules_of(class_id, version)
        assert rules
        assert "a-" not in " ".join(rule.text for rule in rules).split("(")
        if known := names.get(str(class_id)):
            assert len(rules) <= len(known["attributes"]), key


def test_attribute_1_is_an_octet_string_in_every_class_and_unknown_ones_have_no_rule():
    assert rule_of(9999, 3, 1) is not None
    assert rule_of(3, 0, 3).problem(SCALER_UNIT) == ""
    assert rule_of(3, 0, 4) is None
    assert rule_of(3, 0, -1) is None
    assert rule_of(1, 9, 2) is None
    assert knows_class(1)
    assert not knows_class(999)
    assert rule_of(17, 0, 2).problem(array(structure(long_unsigned(1), octet_string(b"x")))) == ""
