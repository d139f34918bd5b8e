"""Short ways to write deviations of one port of the device among its others."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import Moment
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.wan_objects_edit import each
from bench.simulator.household import Household
from bench.simulator.ports.p1_stages import Stage
from bench.simulator.reading import Reading

PROFILE = "one-device"
ONE_TRUTH = "ERA-interfaces:one-truth"
SHOWN = "Fluvius-P1-S1:4.2"
OURS = "OUR:one-system"

Declared = Mapping[str, Mapping[str, object]]


def system_fault(
    name: str,
    summary: str,
    clause: str,
    killers: tuple[str, ...],
    *alterations: Alteration,
    also: tuple[str, ...] = (),
    declares: Declared | None = None,
) -> Fault:
    """Return the fault `system.NAME` of the port that its name begins with: "p1-...", "s1-..."."""
    port = name.partition("-")[0]
    return Fault(
        f"system.{name}",
        "system",
        summary,
        clause,
        PROFILE,
        killers,
        also,
        alterations,
        declares or {},
        port,
    )


def system_variation(
    name: str,
    summary: str,
    clause: str,
    *alterations: Alteration,
    port: str = "p1",
    declares: Declared | None = None,
) -> Variation:
    """Return the legal oddity `system.NAME` of a port, or of the household behind all of them."""
    return Variation(
        f"system.{name}", "system", summary, clause, PROFILE, alterations, declares or {}, port
    )


def home(edit: Callable[[Household], Household]) -> Alteration:
    """Change the household behind all ports."""
    return Alteration(Stage.HOUSEHOLD, lambda found, _index: edit(found))


def start(text: str) -> Alteration:
    """Let time begin at another instant, at all ports."""
    return Alteration(Stage.START, lambda _found, _index: text)


def reading(edit: Callable[[Reading], Reading]) -> Alteration:
    """Change what P1 sees of the truth."""
    return Alteration(Stage.READING, lambda found, _index: edit(found))


def told(code: str, class_id: int, number: int, tell: Callable[[Moment], Data]) -> Alteration:
    """Let an attribute of the WAN port show something else, computed when it is read."""

    def alter(one: CosemObject) -> None:
        one.attributes[number].read = tell

    return each(class_id, alter, code)


def reads(objects: list[CosemObject], class_id: int, code: str) -> Callable[[Moment], Data]:
    """Return what reads the value of an object of a list."""
    name = LogicalName.parse(code).octets
    found = next(o for o in objects if o.class_id == class_id and o.logical_name == name)
    return found.attributes[2].read


def in_zone(found: Reading, local: datetime) -> Reading:
    """Return a reading whose clock shows this local time, and the season of its zone."""
    return replace(found, local=local, summer=bool(local.dst()))
