"""Faults of data lines and values: catalogue rows P1-A-030 to P1-A-038.

One line deviates, the CRC is right.
"""

import re
from collections.abc import Callable

from bench.simulator.faults.fault import Alteration, Fault
from bench.simulator.faults.p1_edit import added, code, from_group, lines, says, value

_IMPORT = "1-0:1.8.1"
_VOLTAGE = "1-0:32.7.0"
_GAS = "0-1:24.2.1"
_ID = "0-0:96.1.1"
_TEXT = "0-0:96.13.0"
_TIME = "0-0:1.0.0"
_BREAKER = "0-0:96.3.10"

Edit = Callable[[str], str]


def _fault(
    case_check: str,
    name: str,
    summary: str,
    clause: str,
    alteration: Alteration,
    *,
    profile: str = "nl50",
    also: tuple[str, ...] = (),
) -> Fault:
    killers = (f"P1-A-{case_check}",)
    return Fault(f"p1.{name}", "p1", summary, clause, profile, killers, also, (alteration,))


def _grammar(name: str, summary: str, alteration: Alteration) -> Fault:
    # a line that cannot be read is not well-formed whether its object is known or not
    also = ("P1-A-038:well-formed",)
    return _fault(
        "030:grammar", f"grammar-{name}", summary, "DSMR-5.0.2:6.9", alteration, also=also
    )


_GRAMMAR = (
    _grammar(
        "bracket-missing",
        "leaves out the closing bracket of a value",
        value(_VOLTAGE, lambda text: text[:-1]),
    ),
    _grammar("comma-in-code", "writes 1,0:2.7.0", code("1-0:2.7.0", "1,0:2.7.0")),
    _grammar(
        "trailing-blank",
        "sends a blank after the last bracket",
        value(_VOLTAGE, lambda text: text + " "),
    ),
    _grammar("colon-in-code", "writes 1-0:99:97.0", code("1-0:99.97.0", "1-0:99:97.0")),
    _grammar("group-f", "writes the value group F, *255", code(_VOLTAGE, f"{_VOLTAGE}*255")),
    _grammar("group-256", "has a value group above 255", code(_VOLTAGE, "1-0:256.7.0")),
    _grammar("no-value", "sends a code without any value", says(_TEXT, "")),
)


def _format(name: str, summary: str, edit: Edit) -> Fault:
    change = value(_IMPORT, edit)
    return _fault("031:format", f"format-{name}", summary, "DSMR-5.0.2:6.4", change)


def _number(edit: Edit) -> Edit:
    """Edit the number between the bracket and the unit."""

    def change(text: str) -> str:
        number, star, unit = text[1:].partition("*")
        return f"({edit(number)}{star}{unit}"

    return change


_FORMAT = (
    _format("two-decimals", "sends two decimals for three", _number(lambda n: "0" + n[:-1])),
    _format("four-decimals", "sends a fourth decimal", _number(lambda n: n[1:] + "0")),
    _format("short", "sends seven digits for nine", _number(lambda n: n[2:])),
    _format("long", "sends ten digits for nine", _number(lambda n: "0" + n)),
    _format("comma", "writes the decimal point as a comma", _number(lambda n: n.replace(".", ","))),
    _format("plus", "writes a sign before the number", _number(lambda n: "+" + n[1:])),
    _format("exponent", "writes an exponent", _number(lambda n: f"{float(n):.4e}")),
    _format(
        "leading-zeros",
        "leaves out leading zeros",
        _number(lambda n: n.lstrip("0").rjust(5, "0")),
    ),
    _format("leading-blanks", "pads with blanks", _number(lambda n: n.lstrip("0").rjust(len(n)))),
    _format("no-point", "leaves out the decimal point", _number(lambda n: n.replace(".", ""))),
)


def _unit(name: str, summary: str, obis: str, edit: Edit) -> Fault:
    clause = "DSMR-5.0.2:6.9"
    return _fault("032:unit", f"unit-{name}", summary, clause, value(obis, edit))


_UNIT = (
    _unit("lower-case", "writes kwh", _IMPORT, lambda text: text.replace("kWh", "kwh")),
    _unit("no-star", "writes the unit without '*'", _IMPORT, lambda text: text.replace("*", "")),
    _unit("other", "writes Wh", _IMPORT, lambda text: text.replace("kWh", "Wh")),
    _unit("missing", "leaves out the unit", _IMPORT, lambda text: text.replace("*kWh", "")),
    _unit("star-alone", "writes '*' without unit", _VOLTAGE, lambda t: t.replace("*V", "*")),
    _unit("gas", "writes M3", _GAS, lambda text: text.replace("*m3", "*M3")),
    _unit(
        "duration",
        "writes sec in the failure log",
        "1-0:99.97.0",
        lambda text: text.replace("*s)", "*sec)"),
    ),
)


def _no_unit(name: str, summary: str, obis: str, unit: str) -> Fault:
    change = value(obis, lambda text: f"{text[:-1]}*{unit})")
    return _fault("033:no-unit", f"no-unit-{name}", summary, "DSMR-5.0.2:6.9", change)


_NO_UNIT = (
    _no_unit("counter", "writes '*' after a failure counter", "0-0:96.7.21", ""),
    _no_unit("sags", "writes a unit after a sag counter", "1-0:32.32.0", "n"),
    _no_unit("tariff", "writes '*' after the tariff", "0-0:96.14.0", ""),
    _no_unit("version", "writes '*' after the version", "1-3:0.2.8", ""),
)


# a text that stays as it is shows none that is set
_FIXED_TEXT = ("P1-A-054", "P1-A-055")


def _octets(check: str, name: str, summary: str, obis: str, edit: Edit) -> Fault:
    change = value(obis, edit)
    also = _FIXED_TEXT if obis == _TEXT else ()
    return _fault(f"034:{check}", f"octets-{name}", summary, "DSMR-5.0.2:6.5", change, also=also)


_OCTETS = (
    _octets("hex", "odd", "leaves out half of an octet", _ID, lambda text: text[:-2] + ")"),
    _octets("hex", "letter-g", "has a G", _ID, lambda text: text[:-2] + "G)"),
    _octets("hex", "plain-text", "sends plain text", _TEXT, lambda _text: "(test-/-test)"),
    _octets("hex", "prefix", "writes 0x first", _ID, lambda text: "(0x" + text[1:]),
    _octets(
        "length",
        "identifier-long",
        "sends 98 characters where 96 are allowed",
        _ID,
        lambda _text: "(" + "45" * 49 + ")",
    ),
    _octets(
        "length",
        "text-long",
        "sends a text of 1025 characters",
        _TEXT,
        lambda _text: "(" + "20" * 1025 + ")",
    ),
    _octets(
        "upper-case",
        "lower-case",
        "writes octets in lower case",
        _ID,
        lambda _text: "(" + b"JKLMNO0026012345".hex() + ")",
    ),
)


def _stamp(
    name: str, summary: str, start: int, text: str, obis: str = _TIME, profile: str = "nl50"
) -> Fault:
    change = value(obis, lambda group: from_group(group, start, text))
    clause = "DSMR-5.0.2:6.4"
    return _fault("035:timestamp", f"time-{name}", summary, clause, change, profile=profile)


def _flag(edit: Edit) -> Edit:
    return lambda text: text[:13] + edit(text[13]) + text[14:]


_TIMESTAMP = (
    _stamp("month-13", "sends month 13", 2, "1315100000W"),
    _stamp("month-00", "sends month 0", 2, "0015100000W"),
    _stamp("day-41", "sends 24-03-41", 0, "240341100000W"),
    _stamp("february-30", "sends 30 February", 2, "0230100000W"),
    _stamp("hour-24", "sends hour 24", 6, "240000W"),
    _stamp("minute-60", "sends minute 60", 8, "6000W"),
    _stamp("second-60", "sends second 60", 10, "60W"),
    _fault(
        "035:timestamp",
        "time-no-flag",
        "leaves out the flag for summer time",
        "DSMR-5.0.2:6.4",
        value(_TIME, _flag(lambda _letter: "")),
    ),
    _fault(
        "035:timestamp",
        "time-lower-flag",
        "writes the flag in lower case",
        "DSMR-5.0.2:6.4",
        value(_TIME, _flag(str.lower)),
    ),
    _fault(
        "035:timestamp",
        "time-no-data",
        "sends a sub-meter's marker for no data as its own time",
        "DSMR-5.0.2:6.4",
        says(_TIME, "(632525252525W)"),
    ),
    _stamp("gas-month-13", "sends month 13 for the gas reading", 2, "1315100000W", _GAS),
    _fault(
        "035:timestamp",
        "time-log-hour-25",
        "sends hour 25 in the failure log",
        "DSMR-5.0.2:6.4",
        value("1-0:99.97.0", lambda text: re.sub(r"(\(\d{6})\d{2}(?=\d{4}[SW])", r"\g<1>25", text)),
    ),
    _stamp("peak-day-32", "sends day 32 for a peak", 4, "32101500W", "1-0:1.6.0", "be17"),
)


def _twice(obis: str) -> Alteration:
    def change(found: tuple[str, ...]) -> list[str]:
        return [one for line in found for one in [line] * (1 + line.startswith(f"{obis}("))]

    return lines(change)


_UNIQUE = (
    _fault(
        "036:unique",
        "duplicate-gas",
        "sends the gas reading twice",
        "DSMR-5.0.2:6.12",
        _twice(_GAS),
    ),
    _fault(
        "036:unique",
        "duplicate-identifier",
        "sends its identifier a second time, with another value, at the end",
        "DSMR-5.0.2:6.12",
        added(f"{_ID}(4530303236)"),
    ),
)


def _range(name: str, summary: str, obis: str, text: str, profile: str = "be17") -> Fault:
    clause = "e-MUCS-H-1.3:3.2"
    return _fault("037:range", f"range-{name}", summary, clause, says(obis, text), profile=profile)


_RANGE = (
    _range("breaker-3", "sends state 3 for the breaker", _BREAKER, "(3)"),
    _range("breaker-two-digits", "sends state 01 for the breaker", _BREAKER, "(01)"),
    _range("breaker-empty", "sends no state for the breaker", _BREAKER, "()"),
    _range("valve-3", "sends state 3 for the gas valve", "0-1:24.4.0", "(3)"),
    _range("relay-3", "sends state 3 for a relay", "0-1:96.3.10", "(3)", "be21"),
)

_UNKNOWN = (
    Fault(
        "p1.unknown-malformed",
        "p1",
        "adds an unknown object that breaks the grammar of a data line",
        "DSMR-5.0.2:6.13",
        "nl50",
        ("P1-A-030:grammar", "P1-A-038:well-formed"),
        (),
        (added("0-0:96.99.1(12", 0.5),),
    ),
)

FAULTS: tuple[Fault, ...] = (
    *_GRAMMAR,
    *_FORMAT,
    *_UNIT,
    *_NO_UNIT,
    *_OCTETS,
    *_TIMESTAMP,
    *_UNIQUE,
    *_RANGE,
    *_UNKNOWN,
)
