"""Small edits from which the deviations of an S1 stream are put together; all are pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.protocols.crc_rows import Octets
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.ports.s1_stages import Fields, Sampled, Sealing, Stage, each_frame, once

Samples = NDArray[np.float64]
Channels = dict[str, Samples]


def s1_fault(
    name: str,
    summary: str,
    clause: str,
    killers: tuple[str, ...],
    *alterations: Alteration,
    also: tuple[str, ...] = (),
    profile: str = "emucs-h-1.3",
    declares: Mapping[str, object] | None = None,
) -> Fault:
    """Return the S1 fault "s1.NAME"."""
    return Fault(
        f"s1.{name}", "s1", summary, clause, profile, killers, also, alterations, declares or {}
    )


def s1_variation(
    name: str,
    summary: str,
    clause: str,
    *alterations: Alteration,
    profile: str = "emucs-h-1.3",
    declares: Mapping[str, object] | None = None,
) -> Variation:
    """Return the S1 variation "s1.NAME"."""
    return Variation(f"s1.{name}", "s1", summary, clause, profile, alterations, declares or {})


def body(edit: Callable[[Octets], Octets]) -> Alteration:
    """Change what the check sequence covers; `edit` gets rows that it may write into."""
    return once(Stage.BODY, lambda rows: edit(rows.copy()))


def octet(place: int, value: int) -> Alteration:
    """Send another octet at a place after the opening flag (0 is the first of the format)."""

    def edit(rows: Octets) -> Octets:
        rows[:, place] = value
        return rows

    return body(edit)


def check(edit: Callable[[Sealing], Octets]) -> Alteration:
    """Change the check sequences."""
    return once(Stage.CHECK, edit)


def wire(edit: Callable[[bytes], bytes]) -> Alteration:
    """Change every whole frame."""
    return each_frame(lambda frame, _index: edit(frame))


def every(count: int, edit: Callable[[bytes], bytes], at: int = 7) -> Alteration:
    """Change one of `count` whole frames."""
    return each_frame(lambda frame, index: edit(frame) if index % count == at % count else frame)


def fields(edit: Callable[[Fields], Mapping[str, Any]]) -> Alteration:
    """Change fields before the samples; `edit` returns those that differ, by name."""
    return once(Stage.FIELDS, lambda found: replace(found, **edit(found)))


def flag(bit: int, value: bool | None = None) -> Alteration:
    """Set or clear a bit of the information octet; None inverts it."""

    def edit(found: Fields) -> Mapping[str, Any]:
        if value is None:
            return {"info": found.info ^ (1 << bit)}
        return {"info": found.info & ~(1 << bit) | value << bit}

    return fields(edit)


def samples(edit: Callable[[Channels], Mapping[str, Samples]]) -> Alteration:
    """Change samples in V and A; `edit` returns the channels that differ."""

    def change(found: Sampled) -> Sampled:
        return replace(found, channels={**found.channels, **edit(dict(found.channels))})

    return once(Stage.SAMPLES, change)


def scaled(kind: str, factor: float) -> Alteration:
    """Multiply all voltages ("V") or currents ("I")."""
    return samples(
        lambda found: {name: one * factor for name, one in found.items() if name[0] == kind}
    )


def shifted(kind: str, offset: float) -> Alteration:
    """Add an offset to all voltages ("V") or currents ("I") that are measured."""
    return samples(
        lambda found: {
            name: one + offset for name, one in found.items() if name[0] == kind and one.any()
        }
    )


def codes(edit: Callable[[str, NDArray[np.int64]], NDArray[np.int64]]) -> Alteration:
    """Change the codes of every channel, before they are cut to their range."""
    return once(Stage.CODES, lambda found: {name: edit(name, one) for name, one in found.items()})


def exchanged(first: str, second: str) -> Alteration:
    """Exchange the samples of two channels."""
    return samples(lambda found: {first: found[second], second: found[first]})


#: households that are wired otherwise than the reference device, and how they are declared
AT_ONE_PHASE = once(Stage.HOUSEHOLD, lambda found: replace(found, phases=1))
IN_DELTA = once(Stage.HOUSEHOLD, lambda found: replace(found, delta=True, phases=3))
DECLARED_ONE_PHASE: Mapping[str, object] = {"S1/POLYPHASE": False}
DECLARED_DELTA: Mapping[str, object] = {"S1/DELTA": True, "S1/NEUTRAL": False}
