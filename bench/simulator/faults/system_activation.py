"""Switches of the user ports that leave one of them out, or touch what is the utility's."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bench.protocols.dlms.data_types import boolean, enum
from bench.protocols.dlms.results import DataAccessResult
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import Moment
from bench.simulator.faults.fault import Alteration, Fault
from bench.simulator.faults.system_edit import OURS, home, system_fault, told
from bench.simulator.faults.wan_objects_edit import each
from bench.simulator.household import Contact

_CONSENT = "Fluvius-P1-S1:6.1"
_Read = Callable[[Moment], Any]


def _switched(**how: Any) -> Alteration:
    return home(lambda found: replace(found, consent=replace(found.consent, **how)))


def _closed(class_id: int, code: str, number: int, shows: Any) -> Alteration:
    """Let an attribute be read as something else while the user ports are closed."""

    def alter(one: CosemObject) -> None:
        attribute = one.attributes[number]
        before = attribute.read
        attribute.read = lambda m: before(m) if m.system.active else shows

    return each(class_id, alter, code)


def _stands(class_id: int, code: str, number: int) -> Alteration:
    """Let an attribute stand while the user ports are closed, from when it is first read."""

    def alter(one: CosemObject) -> None:
        attribute = one.attributes[number]
        attribute.read = _standing(attribute.read)

    return each(class_id, alter, code)


def _standing(before: _Read) -> _Read:
    held: list[Any] = []

    def read(moment: Moment) -> Any:
        if moment.system.active:
            held.clear()
            return before(moment)
        if not held:
            held.append(before(moment))
        return held[0]

    return read


FAULTS: tuple[Fault, ...] = (
    system_fault(
        "s1-stays-open",
        "closes P1 alone",
        _CONSENT,
        ("SYS-ACT-01:both-closed",),
        _switched(closes=("p1",)),
    ),
    system_fault(
        "p1-stays-open",
        "closes S1 alone",
        _CONSENT,
        ("SYS-ACT-01:both-closed",),
        _switched(closes=("s1",)),
    ),
    system_fault(
        "s1-stays-closed",
        "opens P1 alone",
        _CONSENT,
        ("SYS-ACT-01:both-open",),
        _switched(opens=("p1",)),
    ),
    system_fault(
        "p1-stays-closed",
        "opens S1 alone",
        _CONSENT,
        ("SYS-ACT-01:both-open",),
        _switched(opens=("s1",)),
    ),
    system_fault(
        "wan-shows-open",
        "says over WAN that the user ports are open, whether or not they are",
        OURS,
        ("SYS-ACT-01:object-closed",),
        told("0-0:128.0.0", 1, 2, lambda _moment: boolean(True)),
    ),
    system_fault(
        "wan-shows-closed",
        "says over WAN that the user ports are closed, whether or not they are",
        OURS,
        ("SYS-ACT-01:object-open",),
        told("0-0:128.0.0", 1, 2, lambda _moment: boolean(False)),
    ),
    system_fault(
        "wan-registers-closed",
        "refuses its registers while the user ports are closed",
        _CONSENT,
        ("SYS-ACT-02:kind",),
        _closed(3, "", 2, DataAccessResult.TEMPORARY_FAILURE),
    ),
    system_fault(
        "wan-breaker-by-consent",
        "shows an open breaker while the user ports are closed",
        _CONSENT,
        ("SYS-ACT-02:value",),
        _closed(70, "0-0:96.3.10", 3, enum(int(Contact.DISCONNECTED))),
    ),
    system_fault(
        "wan-counting-closed",
        "lets the energy that it shows stand while the user ports are closed",
        _CONSENT,
        ("SYS-ACT-02:counting",),
        _stands(3, "1-0:1.8.0", 2),
    ),
    system_fault(
        "wan-clock-closed",
        "lets its clock stand while the user ports are closed",
        _CONSENT,
        ("SYS-ACT-02:clock",),
        _stands(8, "0-0:1.0.0", 2),
    ),
)
