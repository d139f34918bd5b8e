"""What the cases about logs, peaks and unread devices say of single lines."""

import pytest

from bench.protocols.p1.profile import load_profile
from bench.protocols.p1.telegram import DataLine
from suites.p1.test_logs import (
    _codes_wrong,
    _count_wrong,
    _duration_wrong,
    _months_wrong,
    _order_wrong,
    _too_many,
    _too_many_months,
    _values_wrong,
)
from suites.p1.test_mbus import _is_marked, _is_reading, _unit, _units_by_type

CODE = "0-0:96.7.19"
NEW, OLD = "250601120000S", "240601120000S"
LONG = "0000000301*s"
PEAK = "1-0:1.6.0"
MONTH = ("260101000000W", "251215101500W", "02.589*kW")


@pytest.mark.parametrize(
    "groups",
    [
        ("0", CODE),
        ("0", CODE, ""),
        ("1", CODE, NEW, LONG),
        ("2", CODE, NEW, LONG, OLD, LONG),
        ("10", CODE, *(NEW, LONG) * 10),
        ("2", CODE, NEW, LONG, "000101000001W", "2147483647*s"),
    ],
)
def test_a_log_as_it_should_be(groups):
    rules = (_count_wrong, _too_many, _duration_wrong, _order_wrong)
    assert [rule(groups) for rule in rules] == ["", "", "", ""]


@pytest.mark.parametrize(
    ("rule", "groups"),
    [
        (_count_wrong, ("3", CODE, NEW, LONG, OLD, LONG)),
        (_count_wrong, ("1", CODE, NEW)),
        (_count_wrong, ("", CODE)),
        (_too_many, ("11", CODE, *(NEW, LONG) * 11)),
        (_too_many, ("10", CODE, *(NEW, LONG) * 11)),
        (_duration_wrong, ("1", CODE, NEW, "00000000301*s")),
        (_duration_wrong, ("1", CODE, NEW, "301*s")),
        (_order_wrong, ("2", CODE, OLD, LONG, NEW, LONG)),
    ],
)
def test_a_log_as_it_should_not_be(rule, groups):
    assert rule(groups)


def test_a_log_without_its_code_is_counted_all_the_same():
    assert not _count_wrong(("1", NEW, LONG))


def test_the_hour_that_comes_twice_is_no_wrong_order():
    first, second = "251026023000S", "251026020000W"
    assert not _order_wrong(("2", CODE, second, LONG, first, LONG))
    assert _order_wrong(("2", CODE, first, LONG, second, LONG))


@pytest.mark.parametrize(
    ("rule", "groups", "wrong"),
    [
        (_months_wrong, ("1", PEAK, PEAK, *MONTH), False),
        (_months_wrong, ("0", PEAK, PEAK, ""), False),
        (_months_wrong, ("2", PEAK, PEAK, *MONTH), True),
        (_months_wrong, ("12",), True),
        (_too_many_months, ("13", PEAK, PEAK, *MONTH * 13), False),
        (_too_many_months, ("14", PEAK, PEAK, *MONTH * 14), True),
        (_codes_wrong, ("0", PEAK, PEAK, ""), False),
        (_codes_wrong, ("0", ""), True),
        (_codes_wrong, ("12",), True),
        (_values_wrong, ("1", PEAK, PEAK, *MONTH), False),
        (_values_wrong, ("1", PEAK, PEAK, *MONTH[:2], "002.589*kW"), True),
    ],
)
def test_a_history(rule, groups, wrong):
    assert bool(rule(groups)) is wrong


@pytest.mark.parametrize(
    ("stamp", "value", "marked"),
    [
        ("632525252525W", "00000.000", True),
        ("632525252525S", "00000.000*m3", True),
        ("700101010000W", "00000000", True),
        ("632525252525W", "00012.345*m3", False),
        ("000000000000W", "00000.000", False),
        ("632525252525", "00000.000", False),
    ],
)
def test_a_mark_for_no_data(stamp, value, marked):
    assert _is_marked((stamp, value)) is marked


def line(obis, *groups):
    """Return a well-formed line."""
    return DataLine(obis, groups, (0,) * len(groups), 0, 1, 3)


@pytest.mark.parametrize(
    ("groups", "reading"),
    [
        (("260115100000W", "00012.345*m3"), True),
        (("260115100000W", ""), False),
        (("632525252525W", "00000.000"), False),
        (("",), False),
    ],
)
def test_a_reading(groups, reading):
    assert _is_reading(line("0-1:24.2.1", *groups)) is reading


@pytest.mark.parametrize(("text", "unit"), [("1*m3", "m3"), ("1*M3", ""), ("1", ""), ("1*s", "")])
def test_only_units_that_a_device_has_are_judged(text, unit):
    assert _unit(line("0-1:24.2.1", "260115100000W", text)) == unit


def test_units_of_the_media():
    profile = load_profile("nl50")
    units = {kind: _units_by_type(profile, "0-1:24.2.1", kind) for kind in (2, 3, 4, 7, 99)}
    assert units == {2: {"kWh"}, 3: {"m3"}, 4: {"GJ"}, 7: {"m3"}, 99: frozenset()}
