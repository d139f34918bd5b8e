"""Faults of the fields before the samples: catalogue rows S1-PAY."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.protocols.crc_rows import Octets
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_edit import (
    AT_ONE_PHASE,
    DECLARED_DELTA,
    DECLARED_ONE_PHASE,
    IN_DELTA,
    body,
    fields,
    flag,
    s1_fault,
    s1_variation,
    samples,
)
from bench.simulator.household import Medium
from bench.simulator.load import Power
from bench.simulator.ports.s1_stages import Fields, Numbers, Sampled, Stage, once

_DATA = "e-MUCS-H-1.3:S1"
_POLYPHASE, _FOUR_WIRE, _VALID, _NEUTRAL, _VERSION = 0, 2, 3, 4, 5
_INFORMATION = 4  # where it begins, after the opening flag


def _identified(edit: Callable[[Octets, Fields], Octets]) -> Alteration:
    return fields(lambda found: {"meter_id": edit(found.meter_id.copy(), found)})


def _changing(ids: Octets, found: Fields) -> Octets:
    ids[found.index // 5000 % 2 == 1, 13] ^= 1
    return ids


def _swapped(ids: Octets, _found: Fields) -> Octets:
    ids[:, [6, 13]] = ids[:, [13, 6]]
    return ids


def _of_gas(ids: Octets, found: Fields) -> Octets:
    gas = next(one for one in found.household.submeters if one.medium is Medium.GAS)
    ids[:] = np.frombuffer(gas.serial.encode("ascii")[:14].ljust(14, b"0"), np.uint8)
    return ids


def _with_nul(ids: Octets, _found: Fields) -> Octets:
    ids[:, 12:] = 0
    return ids


def _with_hyphen(ids: Octets, _found: Fields) -> Octets:
    ids[:, 6] = ord("-")
    return ids


def _info_flickers(found: Fields) -> Mapping[str, Any]:
    odd = found.index // 1000 % 2 == 1
    return {"info": np.where(odd, found.info ^ 1 << _FOUR_WIRE, found.info)}


def _little_endian(found: Fields) -> Mapping[str, Any]:
    low, high = found.frequency & 0xFF, found.frequency >> 8
    return {"frequency": low << 8 | high}


def _filled(rows: Octets) -> Octets:
    """Write 05 where a single-phase meter has nothing to say: octets 30 to 39."""
    rows[:, _INFORMATION + 24 : _INFORMATION + 34] = 0x05
    return rows


def _slow_mains(power: Power) -> Power:
    return replace(power, frequency_mhz=49_800)


def _often_invalid(found: Fields) -> Mapping[str, Any]:
    return {"info": np.where(found.index % 1000 == 7, found.info & ~(1 << _VALID), found.info)}


def _seldom_invalid(found: Fields) -> Mapping[str, Any]:
    return {"info": np.where(_is_seldom(found.index), found.info & ~(1 << _VALID), found.info)}


def _is_seldom(index: Numbers) -> NDArray[np.bool_]:
    """Mark one sample set in twenty thousand."""
    marked: NDArray[np.bool_] = index % 20_000 == 12_345
    return marked


def _seldom_nonsense(found: Sampled) -> Sampled:
    """Show the end of the range where samples are called invalid."""
    marked = _is_seldom(found.at.index)
    return replace(
        found,
        channels={name: np.where(marked, 9000.0, one) for name, one in found.channels.items()},
    )


def _tail(index: int) -> bytes:
    return bytes.fromhex("DEADBEEF")[: 2 + index % 2 * 2]


_NEXT_VERSION = fields(lambda found: {"info": found.info | 1 << _VERSION})
#: cases that count with the announced rate; sampled per period it is a multiple of the frequency
_HANGS_ON_IT = ("S1-MEAS-*", "S1-TIM-*", "S1-SEQ-*", "S1-ACT-*")

FAULTS: tuple[Fault, ...] = (
    s1_fault(
        "id-changes",
        "changes its identification every 5000 telegrams",
        _DATA,
        ("S1-PAY-01:constant",),
        _identified(_changing),
        # most frames may have the wrong one
        also=("S1-PAY-02:equal",),
    ),
    s1_fault(
        "id-empty",
        "leaves its identification empty",
        _DATA,
        ("S1-PAY-01:present",),
        _identified(lambda ids, _found: ids * 0),
        # nothing is neither text nor what P1 has
        also=("S1-PAY-02:equal", "S1-PAY-03:*", "S1-ACT-07:*"),
    ),
    s1_fault(
        "id-swapped",
        "exchanges two characters of its identification",
        _DATA,
        ("S1-PAY-02:equal",),
        _identified(_swapped),
    ),
    s1_fault(
        "id-of-gas",
        "gives the identification of the gas meter",
        _DATA,
        ("S1-PAY-02:equal", "S1-PAY-03:meter"),
        _identified(_of_gas),
        also=("S1-ACT-07:*",),  # which asks whether there are data of sub-meters
    ),
    s1_fault(
        "id-nul",
        "fills its identification with NUL",
        _DATA,
        ("S1-PAY-03:printable",),
        _identified(_with_nul),
        # it is neither of the right form then, nor what P1 has
        also=("S1-PAY-03:form", "S1-PAY-02:equal"),
    ),
    s1_fault(
        "id-with-hyphen",
        "has a hyphen in its identification",
        _DATA,
        ("S1-PAY-03:form",),
        _identified(_with_hyphen),
        also=("S1-PAY-02:equal",),  # P1 has none
    ),
    s1_fault(
        "info-flickers",
        "changes the wiring bit every thousand telegrams",
        _DATA,
        ("S1-PAY-04:constant",),
        fields(_info_flickers),
        also=("S1-PAY-06:*",),  # every other time it is wrong
    ),
    s1_fault(
        "type-bit",
        "says single phase",
        _DATA,
        ("S1-PAY-04:type", "S1-PAY-05:p1"),
        flag(_POLYPHASE, False),
    ),
    s1_fault(
        "wire-bit",
        "says 3-wire",
        _DATA,
        ("S1-PAY-06:declared", "S1-PAY-06:voltages"),
        flag(_FOUR_WIRE, False),
    ),
    s1_fault(
        "wire-bit-delta",
        "says 4-wire in a delta grid",
        _DATA,
        ("S1-PAY-06:declared", "S1-PAY-06:voltages"),
        IN_DELTA,
        flag(_FOUR_WIRE, True),
        declares=DECLARED_DELTA,
    ),
    s1_fault(
        "wire-bit-single",
        "says 4-wire though it has one phase",
        _DATA,
        ("S1-PAY-06:declared",),
        AT_ONE_PHASE,
        flag(_FOUR_WIRE, True),
        declares=DECLARED_ONE_PHASE,
    ),
    s1_fault("never-valid", "says not valid", _DATA, ("S1-PAY-07:share",), flag(_VALID, False)),
    s1_fault(
        "often-invalid",
        "calls one sample set in a thousand invalid",
        _DATA,
        ("S1-PAY-07:share",),
        fields(_often_invalid),
    ),
    s1_fault(
        "neutral-bit",
        "says no neutral, and shows its current",
        _DATA,
        ("S1-PAY-08:declared", "S1-PAY-08:zero"),
        flag(_NEUTRAL, False),
    ),
    s1_fault(
        "neutral-claimed",
        "says that it measures a neutral in a delta grid",
        _DATA,
        ("S1-PAY-08:declared",),
        IN_DELTA,
        flag(_NEUTRAL, True),
        declares=DECLARED_DELTA,
    ),
    s1_fault(
        "version-7",
        "announces version 7 of the data format",
        _DATA,
        ("S1-PAY-09:known",),
        fields(lambda found: {"info": found.info | 7 << _VERSION}),
    ),
    s1_fault(
        "next-version",
        "announces version 1, which this edition does not know, and adds four octets",
        _DATA,
        ("S1-PAY-09:known",),
        _NEXT_VERSION,
        once(Stage.TAIL, lambda _found: bytes.fromhex("DEADBEEF")),
    ),
    s1_fault(
        "rate-19",
        "announces 1900 Hz",
        _DATA,
        ("S1-PAY-10:bounds", "S1-PAY-10:usual"),
        fields(lambda found: {"info": found.info & ~2, "rate": found.rate * 0 + 19}),
        # at that rate the samples would be of mains of 36.5 Hz, and too many frames come
        also=("S1-PAY-11:agrees", *_HANGS_ON_IT),
    ),
    s1_fault(
        "rate-81",
        "announces 81 samples per period",
        _DATA,
        ("S1-PAY-10:usual",),
        fields(lambda found: {"rate": found.rate * 0 + 81}),
        # fewer frames come than that
        also=_HANGS_ON_IT,
    ),
    s1_fault(
        "frequency-little-endian",
        "sends the frequency low octet first",
        _DATA,
        ("S1-PAY-11:agrees", "S1-PAY-11:range", "S1-MEAS-06:field"),
        fields(_little_endian),
        also=_HANGS_ON_IT,
    ),
    s1_fault(
        "frequency-10-mhz",
        "sends the frequency in steps of 10 mHz",
        _DATA,
        ("S1-PAY-11:agrees", "S1-PAY-11:range"),
        fields(lambda found: {"frequency": found.frequency // 10}),
        also=_HANGS_ON_IT,
    ),
    s1_fault(
        "frequency-stuck",
        "says 50.000 Hz while the mains have 49.8 Hz",
        _DATA,
        ("S1-PAY-11:agrees", "S1-MEAS-06:field"),
        once(Stage.POWER, _slow_mains),
        fields(lambda found: {"frequency": found.frequency * 0 + 50_000}),
        also=_HANGS_ON_IT,
    ),
    s1_fault(
        "dummy-05",
        "fills the phases that it does not have with 05",
        _DATA,
        ("S1-PAY-12:zero",),
        AT_ONE_PHASE,
        body(_filled),
        declares=DECLARED_ONE_PHASE,
        also=("S1-CH-01:others",),  # which sees a voltage there
    ),
    s1_fault(
        "tail-in-version-0",
        "adds four octets without another version",
        _DATA,
        ("S1-PAY-13:known",),
        once(Stage.TAIL, lambda _found: bytes.fromhex("DEADBEEF")),
    ),
    s1_fault(
        "tail-varies",
        "announces version 1, and adds two octets or four",
        _DATA,
        ("S1-PAY-13:constant",),
        _NEXT_VERSION,
        Alteration(Stage.TAIL, lambda _found, index: _tail(index)),
        # no such version is known, and the length field follows the tail
        also=("S1-PAY-09:known", "S1-FRM-*"),
    ),
)
VARIATIONS: tuple[Variation, ...] = (
    s1_variation(
        "invalid-now-and-then",
        "calls one sample set in twenty thousand invalid, which is nonsense then",
        _DATA,
        fields(_seldom_invalid),
        once(Stage.SAMPLES, _seldom_nonsense),
    ),
    s1_variation(
        "no-neutral",
        "does not measure the current of its neutral",
        _DATA,
        flag(_NEUTRAL, False),
        samples(lambda found: {"IN": found["IN"] * 0}),
        declares={"S1/NEUTRAL": False},
    ),
    s1_variation(
        "one-phase-connected",
        "can measure three phases and hangs at one",
        _DATA,
        once(Stage.HOUSEHOLD, lambda found: replace(found, connected=1)),
    ),
)
