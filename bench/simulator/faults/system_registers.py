"""Ports that count or measure otherwise than the others: rows SYS-REG-01 to SYS-REG-05."""

from collections.abc import Mapping
from dataclasses import replace

from bench.protocols.dlms.data_types import (
    Data,
    double_long_unsigned,
    enum,
    integer,
    octet_string,
    structure,
)
from bench.simulator.cosem import times
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import Moment
from bench.simulator.faults.fault import Alteration, Fault
from bench.simulator.faults.p1_edit import Lines, lines, says, value
from bench.simulator.faults.s1_edit import Channels, Samples, samples
from bench.simulator.faults.system_edit import (
    ONE_TRUTH,
    SHOWN,
    home,
    reading,
    reads,
    system_fault,
    told,
)
from bench.simulator.faults.wan_objects_edit import Objects, objects, shows
from bench.simulator.load import Power
from bench.simulator.reading import Reading
from bench.simulator.registers import Quantity

_FED_W = 1000
_SECOND = 1_000_000_000
_WATT_HOURS = 30
_HOUR_S = 3600
_FED = home(lambda house: replace(house, held_w=-_FED_W))


# -- energy


def _fed_mj(instant_ns: int) -> int:
    """Return what was fed in since the start, in mJ."""
    return _FED_W * 1000 * instant_ns // _SECOND


def _export_as_import(found: Reading) -> Reading:
    moved, tariff = _fed_mj(found.instant_ns), found.tariff
    energy = dict(found.energy_mj)
    energy[Quantity.IMPORT, tariff] += moved
    energy[Quantity.EXPORT, tariff] -= moved
    return replace(found, energy_mj=energy)


def _counted_as(quantity: Quantity, sign: int) -> Alteration:
    """Let registers of one energy show what was fed in since the start as another."""

    def altered(found: Objects) -> Objects:
        for one in found:
            group, tariff = one.logical_name[2:4], one.logical_name[4]
            if one.class_id == 3 and group == bytes((int(quantity), 8)) and tariff != 2:
                _shift(one, sign)
        return found

    return objects(altered)


def _shift(one: CosemObject, sign: int) -> None:
    attribute = one.attributes[2]
    read = attribute.read

    def shifted(moment: Moment) -> Data:
        moved = _fed_mj(moment.now) // 3_600_000
        return double_long_unsigned(read(moment).value + sign * moved)

    attribute.read = shifted


def _total_of_one_tariff(found: Objects) -> Objects:
    one_tariff = reads(found, 3, "1-0:1.8.1")
    for one in found:
        if one.class_id == 3 and one.logical_name[:5] == bytes((1, 0, 1, 8, 0)):
            one.attributes[2].read = one_tariff
    return found


_ENERGY: tuple[Fault, ...] = (
    system_fault(
        "p1-energy-frozen",
        "shows imported energy on P1 as it was at the start",
        ONE_TRUTH,
        ("SYS-REG-01:wan",),
        says("1-0:1.8.1", "(001438.623*kWh)"),
    ),
    system_fault(
        "p1-energy-of-one-tariff",
        "leaves the other tariff of imported energy at zero on P1",
        ONE_TRUTH,
        ("SYS-REG-01:wan",),
        says("1-0:1.8.2", "(000000.000*kWh)"),
    ),
    system_fault(
        "wan-energy-scaler",
        "tells ten times the scaler of imported energy over WAN",
        ONE_TRUTH,
        ("SYS-REG-01:wan",),
        shows(3, "1-0:1.8.0", 3, lambda _data: structure(integer(1), enum(_WATT_HOURS))),
    ),
    system_fault(
        "wan-energy-frozen",
        "shows imported energy over WAN as it was at the start",
        ONE_TRUTH,
        ("SYS-REG-01:wan",),
        shows(3, "1-0:1.8.1", 2, lambda _data: double_long_unsigned(1_438_623)),
    ),
    system_fault(
        "wan-total-of-one-tariff",
        "leaves one tariff out of the total of imported energy over WAN",
        ONE_TRUTH,
        ("SYS-REG-01:wan",),
        objects(_total_of_one_tariff),
    ),
    system_fault(
        "p1-export-as-import",
        "counts what is fed in as drawn on P1",
        ONE_TRUTH,
        ("SYS-REG-02:wan",),
        _FED,
        reading(_export_as_import),
        also=("SYS-REG-01:wan",),  # the import register has too much
    ),
    system_fault(
        "wan-export-as-import",
        "counts what is fed in as drawn over WAN",
        ONE_TRUTH,
        ("SYS-REG-02:wan",),
        _FED,
        _counted_as(Quantity.IMPORT, 1),
        _counted_as(Quantity.EXPORT, -1),
        also=("SYS-REG-01:wan",),
    ),
)


# -- power, voltage, current


def _without_sign(found: Reading) -> Reading:
    phases = (replace(one, active_mw=abs(one.active_mw)) for one in found.power.phases)
    return replace(found, power=replace(found.power, phases=tuple(phases)))


def _all_as_import(moment: Moment) -> Data:
    power: Power = moment.reading.power
    return double_long_unsigned(round(abs(power.active_mw) / 1000))


def _backwards(found: Channels) -> Mapping[str, Samples]:
    return {name: -one for name, one in found.items() if name[0] == "I"}


def _swapped_lines(found: Lines) -> Lines:
    """Exchange voltage and current of L1 and L2."""
    other = {
        "1-0:32.7.0": "1-0:52.7.0",
        "1-0:52.7.0": "1-0:32.7.0",
        "1-0:31.7.0": "1-0:51.7.0",
        "1-0:51.7.0": "1-0:31.7.0",
    }
    codes = (one.partition("(") for one in found)
    return tuple(other.get(code, code) + bracket + rest for code, bracket, rest in codes)


def _swapped_objects(found: Objects) -> Objects:
    """Exchange voltage and current of L2 and L3."""
    for one, other in (("1-0:52.7.0", "1-0:72.7.0"), ("1-0:51.7.0", "1-0:71.7.0")):
        first, second = reads(found, 3, one), reads(found, 3, other)
        for each in found:
            if each.class_id == 3 and each.attributes[2].read is first:
                each.attributes[2].read = second
            elif each.class_id == 3 and each.attributes[2].read is second:
                each.attributes[2].read = first
    return found


def _swapped_channels(found: Channels) -> Mapping[str, Samples]:
    return {"V1": found["V3"], "V3": found["V1"], "I1": found["I3"], "I3": found["I1"]}


_POWER: tuple[Fault, ...] = (
    system_fault(
        "p1-sign-lost",
        "shows what is fed in as drawn on P1",
        ONE_TRUTH,
        ("SYS-REG-03:wan", "SYS-REG-03:s1"),
        reading(_without_sign),
    ),
    system_fault(
        "wan-sign-lost",
        "shows what is fed in as drawn over WAN",
        ONE_TRUTH,
        ("SYS-REG-03:wan",),
        told("1-0:1.7.0", 3, 2, _all_as_import),
        shows(3, "1-0:2.7.0", 2, lambda _data: double_long_unsigned(0)),
    ),
    system_fault(
        "s1-sign-lost",
        "counts currents backwards on S1",
        ONE_TRUTH,
        ("SYS-REG-03:s1",),
        samples(_backwards),
    ),
    system_fault(
        "p1-phases-swapped",
        "shows L1 as L2 on P1",
        SHOWN,
        ("SYS-REG-04:wan", "SYS-REG-04:s1"),
        lines(_swapped_lines),
    ),
    system_fault(
        "wan-phases-swapped",
        "shows L2 as L3 over WAN",
        SHOWN,
        ("SYS-REG-04:wan",),
        objects(_swapped_objects),
    ),
    system_fault(
        "s1-phases-swapped",
        "sends the samples of L1 as L3",
        SHOWN,
        ("SYS-REG-04:s1",),
        samples(_swapped_channels),
    ),
)


# -- sub-meters


def _an_hour_later(moment: Moment) -> Data:
    sub = moment.reading.submeter(1)
    capture = None if sub is None else moment.reading.capture(1, sub.capture_s)
    if capture is None:
        return octet_string(times.OPEN)
    return times.stamp(moment.system, capture.at_s + _HOUR_S)


_SUBMETERS: tuple[Fault, ...] = (
    system_fault(
        "p1-capture-hour",
        "tells another hour for the reading of the gas meter on P1",
        SHOWN,
        ("SYS-REG-05:time",),
        value("0-1:24.2.3", lambda text: f"{text[:7]}23{text[9:]}"),
    ),
    system_fault(
        "wan-capture-hour",
        "tells another hour for the reading of the gas meter over WAN",
        SHOWN,
        ("SYS-REG-05:time",),
        told("0-1:24.2.1", 4, 5, _an_hour_later),
    ),
    system_fault(
        "p1-submeter-stale",
        "shows an old reading of the gas meter under the new time on P1",
        SHOWN,
        ("SYS-REG-05:value",),
        value("0-1:24.2.3", lambda text: f"{text[:15]}(02700.000*m3)"),
    ),
    system_fault(
        "wan-submeter-stale",
        "shows an old reading of the gas meter under the new time over WAN",
        SHOWN,
        ("SYS-REG-05:value",),
        shows(4, "0-1:24.2.1", 2, lambda _data: double_long_unsigned(2_700_000)),
    ),
)

FAULTS: tuple[Fault, ...] = (*_ENERGY, *_POWER, *_SUBMETERS)
