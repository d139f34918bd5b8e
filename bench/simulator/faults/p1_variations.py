"""Legal oddities of P1 meters: every case must pass with each of them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from bench.protocols.p1.profile import profile_names
from bench.simulator.faults.fault import Alteration, Variation
from bench.simulator.faults.p1_edit import (
    Lines,
    added,
    bursts,
    digits,
    each_line,
    header,
    home,
    lines,
    says,
    value,
    wire,
)
from bench.simulator.household import Contact, Failure, Household
from bench.simulator.ports.p1 import Stage

_GAS = "0-1:24.2.1"
_GAS_ID = "0-1:96.1.0"
_LOG = "1-0:99.97.0"
_ID = "0-0:96.1.1"


def _variation(
    name: str, summary: str, clause: str, *alterations: Alteration, profile: str = "nl50"
) -> Variation:
    return Variation(f"p1.{name}", "p1", summary, clause, profile, alterations)


def _sizes(octets: bytes, cuts: Sequence[int]) -> list[int]:
    """Return the sizes of the pieces between the offsets `cuts`."""
    return [b - a for a, b in pairwise([0, *sorted(set(cuts)), len(octets)]) if b > a]


def _inside_line_ends(octets: bytes) -> list[int]:
    return _sizes(octets, [found.start() + 1 for found in re.finditer(rb"\r\n", octets)])


def _inside_digits(octets: bytes) -> list[int]:
    mark = octets.rindex(b"!")
    return _sizes(octets, [mark, mark + 1, mark + 2, mark + 3])


def _late(octets: bytes, index: int) -> bytes:
    """Leave out the first half of the first telegram: the bench came in the middle of it."""
    return octets[len(octets) // 2 :] if index == 0 else octets


_ARRIVAL = (
    _variation(
        "reads-of-one-octet",
        "octets arrive one by one",
        "DSMR-5.0.2:6.1",
        bursts(lambda octets: [1] * len(octets)),
    ),
    _variation(
        "reads-of-whole-telegrams",
        "each telegram arrives at once",
        "DSMR-5.0.2:6.1",
        bursts(lambda octets: [len(octets)]),
    ),
    _variation(
        "reads-split-line-ends",
        "reads end between CR and LF",
        "DSMR-5.0.2:6.1",
        bursts(_inside_line_ends),
    ),
    _variation(
        "reads-split-digits",
        "reads end within the CRC digits",
        "DSMR-5.0.2:6.1",
        bursts(_inside_digits),
    ),
    _variation(
        "starts-in-mid-telegram",
        "the bench begins to listen in the middle of a telegram",
        "DSMR-5.0.2:6.2",
        Alteration(Stage.WIRE, _late),
    ),
    _variation(
        "extra-line-end",
        "one additional CR LF stands between telegrams",
        "DSMR-5.0.2:6.2",
        wire(lambda octets: octets + b"\r\n"),
    ),
    _variation(
        "crc-in-lower-case",
        "the CRC is written in lower case, which the text does not forbid",
        "DSMR-5.0.2:6.2",
        digits(lambda seal: seal.digits.lower()),
    ),
)


def _header(name: str, summary: str, text: str, profile: str = "nl50") -> Variation:
    change = header(lambda _text: text)
    return _variation(f"header-{name}", summary, "DSMR-5.0.2:6.2", change, profile=profile)


_HEADERS = (
    _header("empty", "the identification is empty", "/KAM5"),
    _header("blank", "the identification starts with a blank", "/KMP5 KA6U001600000011", "nl30"),
    _header("backslash", "the identification has a backslash and blanks", "/Ene5\\T211 ESMR 5.0"),
    _header("two-backslashes", "the identification has two backslashes", "/GRE5\\\\25340009_A"),
    _header("slash", "the identification has a slash", "/HLY5/D545-METER"),
    _header("dash", "the identification ends with a dash", "/KFM5KAIFA-METER-"),
    _header("lower-case-flag", "the third letter of the FLAG id is lower case", "/ISk5\\2MT382-1"),
)

_UNKNOWN = "0-0:96.99.1(0001)"
_OBJECTS = (
    _variation(
        "unknown-first", "an unknown object comes first", "DSMR-5.0.2:6.13", added(_UNKNOWN, 0)
    ),
    _variation(
        "unknown-middle",
        "unknown objects stand in the middle",
        "DSMR-5.0.2:6.13",
        added("1-0:99.1.7(260115100000W)(01.234*kW)(free text)", 0.5),
        added(_UNKNOWN, 0.3),
    ),
    _variation(
        "unknown-last", "an unknown object comes last", "DSMR-5.0.2:6.13", added(_UNKNOWN, 1)
    ),
    _variation(
        "unknown-media",
        "objects of heat, gas and cooling media appear",
        "DSMR-5.0.2:6.13",
        added("5-0:1.0.0(00012.345*GJ)", 0.2),
        added("7-0:3.0.0(00012.345*m3)", 0.6),
        added("6-1:1.0.0(00012.345*GJ)", 0.9),
    ),
    _variation(
        "reversed-order",
        "the objects come in reverse order, those of a channel with its type first",
        "DSMR-5.0.2:6.13",
        lines(lambda found: _reversed(found)),
    ),
    _variation(
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


def _marker(name: str, summary: str, text: str) -> Variation:
    return _variation(f"no-data-{name}", summary, "DSMR-5.0.2:6.10", says(_GAS, text))


_DEVICES = (
    *(
        _variation(
            f"gas-on-channel-{channel}",
            f"the gas meter is linked on channel {channel}",
            "DSMR-5.0.2:6.12",
            home(_on_channel(channel)),
        )
        for channel in (2, 3, 4)
    ),
    _variation(
        "gas-on-all-channels",
        "four devices are linked, one of them unread",
        "DSMR-5.0.2:6.12",
        home(_all_channels),
    ),
    _variation(
        "no-gas",
        "no device is linked",
        "DSMR-5.0.2:6.12",
        home(lambda house: replace(house, submeters=())),
    ),
    _variation("no-data", "the gas meter has not been read yet", "DSMR-5.0.2:6.10", home(_unread)),
    _marker("summer", "the marker for no data carries S in winter", "(632525252525S)(00000.000)"),
    _marker("1970", "a dead channel shows 1 January 1970", "(700101010000W)(00000000)"),
    _marker("unit", "the marker for no data keeps the unit", "(632525252525W)(00000.000*m3)"),
    _variation(
        "no-data-identifier",
        "the identifier of the linked device is empty",
        "DSMR-5.0.2:6.12",
        says(_GAS_ID, "()"),
    ),
    _variation(
        "gas-two-decimals",
        "a large gas meter has two decimals",
        "DSMR-5.0.2:6.12",
        value(_GAS, lambda text: re.sub(r"\(0(\d{4}\.\d\d)\d\*", r"(00\1*", text)),
    ),
    _variation(
        "no-data-be17",
        "the gas and water meters have not been read yet",
        "eMUCS-P1-1.7.1",
        home(_unread),
        profile="be17",
    ),
)


def _log(name: str, summary: str, text: str) -> Variation:
    return _variation(f"log-{name}", summary, "DSMR-5.0.2:6.11", says(_LOG, text))


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
    _log("empty", "the failure log is empty but names its object", "(0)(0-0:96.7.19)"),
    _log("empty-brackets", "the failure log is an empty bracket", "()"),
    _variation("log-full", "ten failures", "DSMR-5.0.2:6.11", home(_failures(10))),
    _variation("log-none", "no failure", "DSMR-5.0.2:6.11", home(_failures(0))),
    _variation(
        "all-zeros",
        "all numbers are zero",
        "DSMR-5.0.2:6.4",
        each_line(lambda one: _filled(one, "0")),
    ),
    _variation(
        "all-nines",
        "all numbers are at their upper end",
        "DSMR-5.0.2:6.4",
        each_line(lambda one: _filled(one, "9")),
    ),
    _variation(
        "text-1024",
        "the text message has 1024 characters",
        "DSMR-5.0.2:7.2",
        home(
            lambda house: replace(
                house, text=b"Your meter will be read. " * 40 + b"!/()\x00" * 4 + b"." * 4
            )
        ),
    ),
    _variation(
        "identifier-full",
        "the identifier has 96 characters",
        "DSMR-5.0.2:6.12",
        home(lambda house: replace(house, serial="E" * 48)),
    ),
    _variation("identifier-empty", "the identifier is empty", "DSMR-5.0.2:6.12", says(_ID, "()")),
    _variation(
        "octets-in-lower-case",
        "octets are written in lower case",
        "DSMR-5.0.2:6.5",
        says(_ID, "(" + b"JKLMNO0026012345".hex() + ")"),
    ),
    _variation(
        "one-phase",
        "the meter has one phase",
        "DSMR-5.0.2:6.12",
        home(lambda house: replace(house, phases=1)),
    ),
    _variation(
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


def _filled(one: str, digit: str) -> str:
    """Fill numbers with one digit: those with a unit, and the five digits of failure counters."""
    found = re.sub(r"\([0-9.]+(?=\*)", lambda m: re.sub(r"\d", digit, m[0]), one)
    return re.sub(r"\(\d{5}\)", f"({digit * 5})", found)


_REFERENCES = tuple(
    _variation(f"reference-{profile}", "the reference device of this edition", "", profile=profile)
    for profile in profile_names()
)

VARIATIONS: tuple[Variation, ...] = (
    *_REFERENCES,
    *_ARRIVAL,
    *_HEADERS,
    *_OBJECTS,
    *_DEVICES,
    *_VALUES,
)
