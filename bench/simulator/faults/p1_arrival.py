"""Legal oddities of how P1 telegrams arrive and begin: every case must pass with each of them."""

import re
from collections.abc import Sequence
from itertools import pairwise

from bench.simulator.faults.fault import Alteration, Variation
from bench.simulator.faults.p1_edit import bursts, digits, header, p1_variation, wire
from bench.simulator.ports.p1 import Stage


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
    p1_variation(
        "reads-of-one-octet",
        "octets arrive one by one",
        "DSMR-5.0.2:6.1",
        bursts(lambda octets: [1] * len(octets)),
    ),
    p1_variation(
        "reads-of-whole-telegrams",
        "each telegram arrives at once",
        "DSMR-5.0.2:6.1",
        bursts(lambda octets: [len(octets)]),
    ),
    p1_variation(
        "reads-split-line-ends",
        "reads end between CR and LF",
        "DSMR-5.0.2:6.1",
        bursts(_inside_line_ends),
    ),
    p1_variation(
        "reads-split-digits",
        "reads end within the CRC digits",
        "DSMR-5.0.2:6.1",
        bursts(_inside_digits),
    ),
    p1_variation(
        "starts-in-mid-telegram",
        "the bench begins to listen in the middle of a telegram",
        "DSMR-5.0.2:6.2",
        Alteration(Stage.WIRE, _late),
    ),
    p1_variation(
        "extra-line-end",
        "one additional CR LF stands between telegrams",
        "DSMR-5.0.2:6.2",
        wire(lambda octets: octets + b"\r\n"),
    ),
    p1_variation(
        "crc-in-lower-case",
        "the CRC is written in lower case, which the text does not forbid",
        "DSMR-5.0.2:6.2",
        digits(lambda seal: seal.digits.lower()),
    ),
)


def _header(name: str, summary: str, text: str, profile: str = "nl50") -> Variation:
    change = header(lambda _text: text)
    return p1_variation(f"header-{name}", summary, "DSMR-5.0.2:6.2", change, profile=profile)


_HEADERS = (
    _header("empty", "the identification is empty", "/KAM5"),
    _header("blank", "the identification starts with a blank", "/KMP5 KA6U001600000011", "nl30"),
    _header("backslash", "the identification has a backslash and blanks", "/Ene5\\T211 ESMR 5.0"),
    _header("two-backslashes", "the identification has two backslashes", "/GRE5\\\\25340009_A"),
    _header("slash", "the identification has a slash", "/HLY5/D545-METER"),
    _header("dash", "the identification ends with a dash", "/KFM5KAIFA-METER-"),
    _header("lower-case-flag", "the third letter of the FLAG id is lower case", "/ISk5\\2MT382-1"),
)


VARIATIONS: tuple[Variation, ...] = (*_ARRIVAL, *_HEADERS)
