"""Legal oddities of what P1 meters say: every case must pass with each of them."""

import re
from collections.abc import Callable
from dataclasses import replace

from bench.protocols.p1.profile import profile_names
from bench.simulator.faults.fault import Variation
from bench.simulator.faults.p1_edit import (
    Lines,
    added,
    each_line,
    home,
    lines,
    p1_variation,
    says,
    value,
)
from bench.simulator.household import Contact, Failure, Household

_GAS = "0-1:24.2.1"
_GAS_ID = "0-1:96.1.0"
_LOG = "1-0:99.97.0"
_ID = "0-0:96.1.1"
_UNKNOWN = "0-0:96.99.1(0001)"
_OBJECTS = (
    p1_variation(
        "unknown-first", "an unknown object comes first", "DSMR-5.0.2:6.13", added(_UNKNOWN, 0)
    ),
    p1_variation(
        "unknown-middle",
        "unknown objects stand in the middle",
        "DSMR-5.0.2:6.13",
        added("1-0:99.1.7(260115100000W)(01.234*kW)(free text)", 0.5),
        added(_UNKNOWN, 0.3),
    ),
    p1_variation(
        "unknown-last", "an unknown object comes last", "DSMR-5.0.2:6.13", added(_UNKNOWN, 1)
    ),
    p1_variation(
        "unknown-media",
        "objects of heat, gas and cooling media appear",
        "DSMR-5.0.2:6.13",
        added("5-0:1.0.0(00012.345*GJ)", 0.2),
        added("7-0:3.0.0(00012.345*m3)", 0.6),
        added("6-1:1.0.0(00012.345*GJ)", 0.9),
    ),
    p1_variation(
        "reversed-order",
        "the objects come in reverse order, those of a channel with its type first",
        "DSMR-5.0.2:6.13",
        lines(lambda found: _reversed(found)),
    ),
    p1_variation(
        "type-first-then-mixed",
        "the objects of the linked device come before those of the meter",
        "DSMR-5.0.2:6.13",
        lines(lambda found: sorted(found, key=lambda one: not one.startswith("0-1:"))),
    ),
)


def _reversed(found: Lines) -> list[str]:
    """Reverse all lines but those of M-Bus channels, which stay together and in order."""
    linked = [one for one in found if re.match(r"0-[1-4]:", one)]
    return [*linked, *reversed([one for one in found if one not in linked])]


def _on_channel(channel: int) -> Callable[[Household], Household]:
    def edit(house: Household) -> Household:
        subs = tuple(replace(sub, channel=channel) for sub in house.submeters)
        return replace(house, submeters=subs)

    return edit


def _all_channels(house: Household) -> Household:
    first = house.submeters[0]
    subs = tuple(
        replace(first, channel=n, serial=f"{first.serial[:-1]}{n}", answers=n != 2)
        for n in range(1, 5)
    )
    return replace(house, submeters=subs)


def _unread(house: Household) -> Household:
    return replace(house, submeters=tuple(replace(s, answers=False) for s in house.submeters))


_IS_UNREAD = {"P1/MBUS-UNREAD": True}


def _marker(name: str, summary: str, text: str) -> Variation:
    change = says(_GAS, text)
    return p1_variation(f"no-data-{name}", summary, "DSMR-5.0.2:6.10", change, declares=_IS_UNREAD)


_DEVICES = (
    *(
        p1_variation(
            f"gas-on-channel-{channel}",
            f"the gas meter is linked on channel {channel}",
            "DSMR-5.0.2:6.12",
            home(_on_channel(channel)),
        )
        for channel in (2, 3, 4)
    ),
    p1_variation(
        "gas-on-all-channels",
        "four devices are linked, one of them unread",
        "DSMR-5.0.2:6.12",
        home(_all_channels),
    ),
    p1_variation(
        "no-gas",
        "no device is linked",
        "DSMR-5.0.2:6.12",
        home(lambda house: replace(house, submeters=())),
        declares={"P1/MBUS": False, "P1/GAS": False},
    ),
    p1_variation(
        "no-data",
        "the gas meter has not been read yet",
        "DSMR-5.0.2:6.10",
        home(_unread),
        declares=_IS_UNREAD,
    ),
    _marker("summer", "the marker for no data carries S in winter", "(632525252525S)(00000.000)"),
    _marker("1970", "a dead channel shows 1 January 1970", "(700101010000W)(00000000)"),
    _marker("unit", "the marker for no data keeps the unit", "(632525252525W)(00000.000*m3)"),
    p1_variation(
        "no-data-identifier",
        "the identifier of the linked device is empty",
        "DSMR-5.0.2:6.12",
        says(_GAS_ID, "()"),
    ),
    p1_variation(
        "gas-two-decimals",
        "a large gas meter has two decimals",
        "DSMR-5.0.2:6.12",
        value(_GAS, lambda text: re.sub(r"\(0(\d{4}\.\d\d)\d\*", r"(00\1*", text)),
        declares={"gas_meter_size": "G16"},
    ),
    p1_variation(
        "no-data-be17",
        "the gas and water meters have not been read yet",
        "eMUCS-P1-1.7.1",
        home(_unread),
        profile="be17",
        declares=_IS_UNREAD,
    ),
)


def _failures(count: int) -> Callable[[Household], Household]:
    def edit(house: Household) -> Household:
        first: Failure = house.failures[0]
        log = tuple(
            replace(first, ended_before=first.ended_before * (number + 1))
            for number in range(count)
        )
        return replace(house, failures=log)

    return edit


_VALUES = (
    p1_variation(
        "log-empty-brackets",
        "the failure log is an empty bracket while there is none",
        "DSMR-5.0.2:6.11",
        home(_failures(0)),
        value(_LOG, lambda text: "()" if text.startswith("(0)") else text),
    ),
    p1_variation("log-full", "ten failures", "DSMR-5.0.2:6.11", home(_failures(10))),
    p1_variation("log-none", "no failure", "DSMR-5.0.2:6.11", home(_failures(0))),
    p1_variation(
        "all-zeros",
        "all numbers are zero, but for the registers that count",
        "DSMR-5.0.2:6.4",
        each_line(lambda one: _filled(one, "0")),
    ),
    p1_variation(
        "all-nines",
        "all numbers are at their upper end, but for the registers that count",
        "DSMR-5.0.2:6.4",
        each_line(lambda one: _filled(one, "9")),
    ),
    p1_variation(
        "text-1024",
        "the text message has 1024 characters",
        "DSMR-5.0.2:7.2",
        home(
            lambda house: replace(
                house, text=b"Your meter will be read. " * 40 + b"!/()\x00" * 4 + b"." * 4
            )
        ),
    ),
    p1_variation(
        "identifier-full",
        "the identifier has 96 characters",
        "DSMR-5.0.2:6.12",
        home(lambda house: replace(house, serial="E" * 48)),
    ),
    p1_variation("identifier-empty", "the identifier is empty", "DSMR-5.0.2:6.12", says(_ID, "()")),
    p1_variation(
        "octets-in-lower-case",
        "octets are written in lower case",
        "DSMR-5.0.2:6.5",
        says(_ID, "(" + b"JKLMNO0026012345".hex() + ")"),
    ),
    p1_variation(
        "one-phase",
        "the meter has one phase",
        "DSMR-5.0.2:6.12",
        home(lambda house: replace(house, phases=1)),
        declares={"P1/POLYPHASE": False},
    ),
    p1_variation(
        "breaker-and-valve-open",
        "the valve and the breaker are open",
        "e-MUCS-H-1.3:3.2",
        home(lambda house: _open(house)),
        profile="be17",
    ),
)


def _open(house: Household) -> Household:
    subs = tuple(
        s if s.valve is None else replace(s, valve=Contact.DISCONNECTED) for s in house.submeters
    )
    return replace(house, breaker=Contact.READY, submeters=subs)


#: registers of the active tariff, and one of the two directions of the total power
_AS_THEY_ARE = ("1-0:1.8.2(", "1-0:2.8.2(", "1-0:2.7.0(")


def _filled(one: str, digit: str) -> str:
    """Fill numbers with one digit: those with a unit, and the five digits of failure counters."""
    if one.startswith(_AS_THEY_ARE):
        return one
    found = re.sub(r"\([0-9.]+(?=\*)", lambda m: re.sub(r"\d", digit, m[0]), one)
    return re.sub(r"\(\d{5}\)", f"({digit * 5})", found)


_REFERENCES = tuple(
    p1_variation(
        f"reference-{profile}", "the reference device of this edition", "", profile=profile
    )
    for profile in profile_names()
)

VARIATIONS: tuple[Variation, ...] = (
    *_REFERENCES,
    *_OBJECTS,
    *_DEVICES,
    *_VALUES,
)
