"""Short ways to write deviations of the WAN port."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bench.protocols.hdlc.options import SecondaryOptions
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.ports.wan_stages import Stage

PROFILE = "generic"


def wan_fault(
    name: str,
    summary: str,
    clause: str,
    killers: tuple[str, ...],
    *changes: Alteration,
    also: tuple[str, ...] = (),
    declares: Mapping[str, object] | None = None,
) -> Fault:
    """Return the fault `wan.NAME`; without `changes` it breaks the rule that is called NAME."""
    return Fault(
        f"wan.{name}",
        "wan",
        summary,
        clause,
        PROFILE,
        killers,
        also,
        changes or (breaks(name),),
        declares or {},
    )


def wan_variation(
    name: str,
    summary: str,
    clause: str,
    *changes: Alteration,
    declares: Mapping[str, object] | None = None,
) -> Variation:
    """Return the legal oddity `wan.NAME`."""
    return Variation(f"wan.{name}", "wan", summary, clause, PROFILE, changes, declares or {})


def breaks(*rules: str) -> Alteration:
    """Let the meter break rules, called as in the catalogue."""
    return options_by(lambda found: replace(found, breaks=found.breaks | set(rules)))


def options(**values: Any) -> Alteration:
    """Set options of the meter that a conforming one may have."""
    return options_by(lambda found: replace(found, **values))


def options_by(change: Callable[[Any], Any]) -> Alteration:
    """Change the options of the meter."""
    return Alteration(Stage.OPTIONS, lambda found, _: change(found))


def secondary(**values: Any) -> Alteration:
    """Set options of the meter's HDLC station."""

    def change(found: SecondaryOptions, _: int) -> SecondaryOptions:
        return replace(found, **values)

    return Alteration(Stage.SECONDARY, change)


def link(kind: str) -> Alteration:
    """Put another link layer than HDLC under the meter; declare `link_layer` with it."""
    return Alteration(Stage.LINK, lambda _, __: kind)


def later(ns: int) -> Alteration:
    """Let every answer of the application take that much longer."""
    return Alteration(Stage.LATENCY, lambda latency_ns, _: latency_ns + ns)
