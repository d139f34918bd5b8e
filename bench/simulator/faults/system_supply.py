"""Ports that a power cut harms: rows SYS-PWR-01 and SYS-SEC-02."""

from dataclasses import replace

from bench.core.clock import SECOND
from bench.protocols.dlms.data_types import Data, double_long_unsigned, long_unsigned
from bench.simulator.cosem.truth import Moment
from bench.simulator.faults.fault import Alteration, Fault
from bench.simulator.faults.system_edit import OURS, home, reading, system_fault, told
from bench.simulator.faults.wan_edit import breaks
from bench.simulator.ports import p1_stages, s1_stages, wan_stages
from bench.simulator.presets import household
from bench.simulator.reading import Reading
from bench.simulator.registers import MJ_PER_WH, Quantity

_BEFORE = 4  # short failures that the household has had before it starts
_LOST_WH = 1000
_COUNTERS = "VTT-review:9"
_SEED = 10


def _slowly(ns: int, _index: int) -> int:
    return ns + 90 * SECOND


def _lost(found: Reading) -> Reading:
    """Take up energy where it stood some time before the cut."""
    if found.short_failures <= _BEFORE:
        return found
    energy = dict(found.energy_mj)
    energy[Quantity.IMPORT, found.tariff] -= _LOST_WH * MJ_PER_WH
    return replace(found, energy_mj=energy)


def _lost_wan(moment: Moment) -> Data:
    wh = moment.reading.energy_wh(Quantity.IMPORT)
    cut = moment.system.short_failures > _BEFORE
    return double_long_unsigned(wh - _LOST_WH if cut else wh)


def _twice(count: int) -> int:
    return _BEFORE + 2 * (count - _BEFORE)


def _twice_wan(moment: Moment) -> Data:
    system = moment.system
    return long_unsigned(_twice(system.short_failures) + len(system.failures))


FAULTS: tuple[Fault, ...] = (
    system_fault(
        "p1-restart-slow",
        "sends on P1 only minutes after a power cut",
        OURS,
        ("SYS-PWR-01:p1-restart",),
        Alteration(p1_stages.Stage.BOOT, _slowly),
    ),
    system_fault(
        "s1-restart-slow",
        "sends on S1 only minutes after a power cut",
        OURS,
        ("SYS-PWR-01:s1-restart",),
        Alteration(s1_stages.Stage.BOOT, _slowly),
    ),
    system_fault(
        "wan-restart-slow",
        "answers over WAN only minutes after a power cut",
        OURS,
        ("SYS-PWR-01:wan-restart",),
        Alteration(wan_stages.Stage.BOOT, _slowly),
    ),
    system_fault(
        "p1-index-back",
        "shows an older index on P1 after a power cut",
        OURS,
        ("SYS-PWR-01:p1-indexes",),
        reading(_lost),
    ),
    system_fault(
        "wan-index-back",
        "shows an older index over WAN after a power cut",
        OURS,
        ("SYS-PWR-01:wan-indexes",),
        told("1-0:1.8.0", 3, 2, _lost_wan),
    ),
    system_fault(
        "p1-outage-twice",
        "counts a power cut twice on P1",
        OURS,
        ("SYS-PWR-01:p1-outage",),
        home(lambda _house: household("be", _SEED)),
        reading(lambda found: replace(found, short_failures=_twice(found.short_failures))),
        declares={"p1": {"profile": "nl50"}},
    ),
    system_fault(
        "wan-outage-twice",
        "counts a power cut twice over WAN",
        OURS,
        ("SYS-PWR-01:wan-outage",),
        told("0-0:96.7.21", 1, 2, _twice_wan),
    ),
    system_fault(
        "wan-counter-restarts",
        "begins its own invocation counters again after a power cut",
        _COUNTERS,
        ("SYS-SEC-02:own",),
        breaks("counters-volatile"),
    ),
    system_fault(
        "wan-expected-restarts",
        "takes invocation counters of before a power cut again",
        _COUNTERS,
        ("SYS-SEC-02:expected",),
        breaks("expected-volatile"),
    ),
)
