"""Faults of the fields before the samples: catalogue rows S1-PAY."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from bench.protocols.crc_rows import Octets
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_edit import body, fields, flag, s1_fault, s1_variation
from bench.simulator.household import Medium
from bench.simulator.load import Power
from bench.simulator.ports.s1_stages import Fields, Stage, once

_DATA = "e-MUCS-H-1.3:S1"
_POLYPHASE, _FOUR_WIRE, _VALID, _NEUTRAL, _VERSION = 0, 2, 3, 4, 5
_INFORMATION = 4  # where it begins, after the opening flag


def _identified(edit: Callable[[Octets, Fields], Octets]) -> Alteration:
    return fields(lambda found: {"meter_id": edit(found.meter_id.copy(), found)})


def _changed_at_5000(ids: Octets, found: Fields) -> Octets:
    ids[found.index >= 5000, 13] ^= 1
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


FAULTS: tuple[Fault, ...] = (
    s1_fault(
        "id-changes",
        "changes its identification after 5000 telegrams",
        _DATA,
        ("S1-PAY-01:*",),
        _identified(_changed_at_5000),
    ),
    s1_fault(
        "id-swapped",
        "exchanges two characters of its identification",
        _DATA,
        ("S1-PAY-02:*",),
        _identified(_swapped),
    ),
    s1_fault(
        "id-of-gas",
        "gives the identification of the gas meter",
        _DATA,
        ("S1-PAY-02:*", "S1-ACT-07:*"),
        _identified(_of_gas),
    ),
    s1_fault(
        "id-nul",
        "fills its identification with NUL",
        _DATA,
        ("S1-PAY-03:*",),
        _identified(_with_nul),
    ),
    s1_fault(
        "info-flickers",
        "changes the wiring bit every thousand telegrams",
        _DATA,
        ("S1-PAY-04:*",),
        fields(_info_flickers),
    ),
    s1_fault("type-bit", "says single phase", _DATA, ("S1-PAY-05:*",), flag(_POLYPHASE, False)),
    s1_fault("wire-bit", "says 3-wire", _DATA, ("S1-PAY-06:*",), flag(_FOUR_WIRE, False)),
    s1_fault("never-valid", "says not valid", _DATA, ("S1-PAY-07:*",), flag(_VALID, False)),
    s1_fault("neutral-bit", "says no neutral", _DATA, ("S1-PAY-08:*",), flag(_NEUTRAL, False)),
    s1_fault(
        "version-7",
        "announces version 7 of the data format",
        _DATA,
        ("S1-PAY-09:*",),
        fields(lambda found: {"info": found.info | 7 << _VERSION}),
    ),
    s1_fault(
        "rate-19",
        "announces 1900 Hz",
        _DATA,
        ("S1-PAY-10:*",),
        fields(lambda found: {"info": found.info & ~2, "rate": found.rate * 0 + 19}),
    ),
    s1_fault(
        "rate-81",
        "announces 81 samples per period",
        _DATA,
        ("S1-PAY-10:*",),
        fields(lambda found: {"rate": found.rate * 0 + 81}),
    ),
    s1_fault(
        "frequency-little-endian",
        "sends the frequency low octet first",
        _DATA,
        ("S1-PAY-11:*", "S1-MEAS-06:*"),
        fields(_little_endian),
    ),
    s1_fault(
        "frequency-10-mhz",
        "sends the frequency in steps of 10 mHz",
        _DATA,
        ("S1-PAY-11:*",),
        fields(lambda found: {"frequency": found.frequency // 10}),
    ),
    s1_fault(
        "frequency-stuck",
        "says 50.000 Hz while the mains have 49.8 Hz",
        _DATA,
        ("S1-PAY-11:*", "S1-MEAS-06:*"),
        once(Stage.POWER, _slow_mains),
        fields(lambda found: {"frequency": found.frequency * 0 + 50_000}),
    ),
    s1_fault(
        "dummy-05",
        "fills the phases that it does not have with 05",
        _DATA,
        ("S1-PAY-12:*",),
        once(Stage.HOUSEHOLD, lambda found: replace(found, phases=1)),
        body(_filled),
        declares={"S1/POLYPHASE": False},
    ),
    s1_fault(
        "tail-in-version-0",
        "adds four octets without another version",
        _DATA,
        ("S1-PAY-13:*",),
        once(Stage.TAIL, lambda _found: bytes.fromhex("DEADBEEF")),
    ),
)
VARIATIONS: tuple[Variation, ...] = (
    s1_variation(
        "next-version",
        "announces version 1 and adds four octets",
        _DATA,
        fields(lambda found: {"info": found.info | 1 << _VERSION}),
        once(Stage.TAIL, lambda _found: bytes.fromhex("DEADBEEF")),
    ),
)
