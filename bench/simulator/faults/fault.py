"""Deliberate deviations of the simulator, and oddities that are legal.

A fault exists to be killed: each names the checks that must go red when it lives. A variation
exists to be left alone: every case must pass with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: A pure function of what a stage of the port's pipeline holds, and of the telegram's index.
Change = Callable[[Any, int], Any]


@dataclass(frozen=True, slots=True)
class Alteration:
    """Where a port deviates: a stage of its pipeline, and what happens to what passes there.

    The stages and what they hold are the port's own (`bench.simulator.ports.p1.Stage`). Without an
    alteration a stage leaves what it holds as it is.
    """

    stage: str
    change: Change


@dataclass(frozen=True, slots=True)
class Fault:
    """A deviation that a conforming device must not show.

    Every one of `killers` ("CASE:check") must miss, a `should` included. `also` names cases, or
    checks of cases, that may rightly go red with it because the same octets break their clause
    too; `*` stands for any run of characters. Anything else that goes red is a kill for the wrong
    reason. `declares` are ICS answers ("P1/POLYPHASE") and IXIT values ("equipment_id") by which
    the device is declared otherwise than the reference device of the profile. `port` is the one
    that deviates, where it is not that of the interface; `declares` then holds a table of answers
    and values, and a `profile`, for each port of which something else is declared.
    """

    id: str
    interface: str
    summary: str
    clause: str
    profile: str
    killers: tuple[str, ...]
    also: tuple[str, ...] = ()
    alterations: tuple[Alteration, ...] = ()
    declares: Mapping[str, object] = field(default_factory=dict)
    port: str = ""


@dataclass(frozen=True, slots=True)
class Variation:
    """A legal oddity, seen on real devices or allowed by the text: every case must pass with it."""

    id: str
    interface: str
    summary: str
    clause: str
    profile: str
    alterations: tuple[Alteration, ...] = ()
    declares: Mapping[str, object] = field(default_factory=dict)
    port: str = ""
