"""Deviations of values that have to fit each other: rows P1-A-098 to P1-A-104."""

import re
from dataclasses import replace

from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_edit import (
    Lines,
    home,
    lines,
    p1_fault,
    says,
    value,
)
from bench.simulator.household import Household

_TABLE = "DSMR-5.0.2:6.12"
_AGE = "DSMR-5.0.2:7.3"
_TEXT = "0-0:96.13.0"
_TARIFF = "0-0:96.14.0"
_LOAD_W = 3000


def _held(watts: int) -> Alteration:
    return home(lambda house: replace(house, held_w=watts))


def _swapped(found: Lines) -> Lines:
    """Exchange import and export of L2."""
    other = {"1-0:41.7.0": "1-0:42.7.0", "1-0:42.7.0": "1-0:41.7.0"}
    codes = (one.partition("(") for one in found)
    return tuple(other.get(code, code) + bracket + rest for code, bracket, rest in codes)


def _tenth(text: str) -> str:
    """Move the digits one place to the right: 012 becomes 001, 230.1 becomes 023.0."""
    number, star, unit = text[1:].partition("*")
    digits = number.replace(".", "")
    moved = ("0" + digits)[: len(digits)]
    point = number.find(".")
    shown = moved if point < 0 else f"{moved[:point]}.{moved[point:]}"
    return f"({shown}{star}{unit}"


def _taken_at(stamp: str, obis: str = "0-1:24.2.1") -> Alteration:
    return value(obis, lambda text: re.sub(r"\(\d{12}[SW]\)", f"({stamp})", text, count=1))


#: a text that is always the same does not become the one that a case sets
_FIXED_TEXT = ("P1-A-054:*", "P1-A-055:*")

FAULTS: tuple[Fault, ...] = (
    p1_fault(
        "phase-sign-swapped",
        "shows what L2 draws as fed in",
        _TABLE,
        ("P1-A-098:sum",),
        _held(_LOAD_W),
        lines(_swapped),
    ),
    p1_fault(
        "phase-missing-in-sum",
        "leaves L3 out of the phases",
        _TABLE,
        ("P1-A-098:sum",),
        _held(_LOAD_W),
        says("1-0:61.7.0", "(00.000*kW)"),
    ),
    p1_fault(
        "both-directions",
        "draws 1 kW and feeds in 1 kW at the same time",
        _TABLE,
        ("P1-A-099:exclusive",),
        says("1-0:1.7.0", "(01.000*kW)"),
        says("1-0:2.7.0", "(01.000*kW)"),
        # neither the phases nor the registers know of that power
        also=("P1-A-098:sum", "P1-A-096:*"),
    ),
    p1_fault(
        "current-a-tenth",
        "shows a tenth of the current",
        _TABLE,
        ("P1-A-100:apparent-power",),
        _held(9000),
        *(value(f"1-0:{phase}1.7.0", _tenth) for phase in (3, 5, 7)),
    ),
    p1_fault(
        "voltage-a-tenth",
        "shows a tenth of the voltage",
        _TABLE,
        ("P1-A-101:range",),
        *(value(f"1-0:{phase}2.7.0", _tenth) for phase in (3, 5, 7)),
        # with so little voltage the current carries next to nothing
        also=("P1-A-100:apparent-power",),
    ),
    p1_fault(
        "gas-3h-old",
        "keeps a gas reading of three hours ago",
        _AGE,
        ("P1-A-102:age",),
        _taken_at("260115070000W"),
    ),
    p1_fault(
        "gas-3h-old-hourly",
        "keeps a gas reading of three hours ago",
        "DSMR-4.2.2:5",
        ("P1-A-102:age",),
        _taken_at("260115070000W"),
        profile="nl42",
    ),
    p1_fault(
        "gas-1h-old-be17",
        "keeps a gas reading of an hour ago",
        _AGE,
        ("P1-A-102:age",),
        _taken_at("260115090000W", "0-1:24.2.3"),
        profile="be17",
    ),
    p1_fault(
        "gas-in-the-future",
        "shows a gas reading of three hours later",
        _TABLE,
        ("P1-A-102:not-in-the-future",),
        _taken_at("260115130000W"),
    ),
    p1_fault(
        "text-blank",
        "sends a blank for an empty text",
        "DSMR-5.0.2:6.5",
        ("P1-A-103:empty",),
        says(_TEXT, "(20)"),
        also=_FIXED_TEXT,
    ),
    p1_fault(
        "text-zero",
        "sends a zero octet for an empty text",
        "DSMR-5.0.2:6.5",
        ("P1-A-103:empty",),
        says(_TEXT, "(00)"),
        also=_FIXED_TEXT,
    ),
    p1_fault(
        "text-blanks",
        "fills an empty text with blanks",
        "DSMR-5.0.2:6.5",
        ("P1-A-103:empty",),
        says(_TEXT, "(" + "20" * 1024 + ")"),
        also=_FIXED_TEXT,
    ),
    p1_fault(
        "tariff-one-digit",
        "sends the tariff as one digit",
        "DSMR-5.0.2:7",
        ("P1-A-104:tariff",),
        says(_TARIFF, "(2)"),
        also=("P1-A-031:format",),  # the same lack of digits
    ),
    p1_fault(
        "tariff-zero",
        "sends tariff 0000",
        "DSMR-5.0.2:7",
        ("P1-A-104:tariff",),
        _held(0),
        says(_TARIFF, "(0000)"),
        also=("P1-A-097:register",),  # no register belongs to that tariff
    ),
    p1_fault(
        "tariff-17",
        "sends tariff 0017",
        "DSMR-5.0.2:7",
        ("P1-A-104:tariff",),
        says(_TARIFF, "(0017)"),
        also=("P1-A-097:register",),  # no register belongs to that tariff
    ),
)


def _delta(house: Household) -> Household:
    return replace(house, delta=True)


def _delta_grid(profile: str, watts: int | None = None) -> Variation:
    def edit(house: Household) -> Household:
        return replace(_delta(house), held_w=watts)

    summary = "the meter hangs on a delta grid: no voltage of L2, phases in both directions"
    name = f"delta-{profile}" if watts is None else f"delta-{profile}-{watts}w"
    declares = {"P1/DELTA": True}
    return Variation(
        f"p1.{name}", "p1", summary, "e-MUCS-H-1.3:T1", profile, (home(edit),), declares
    )


VARIATIONS: tuple[Variation, ...] = (
    _delta_grid("be17"),
    _delta_grid("be17", 6000),
    _delta_grid("nl50"),
)
