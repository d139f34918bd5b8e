"""What can be done to the simulated device beside its ports: actions by name, with their values."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bench.core.errors import UsageError
from bench.simulator.load import sourced
from bench.simulator.metering_system import MeteringSystem


def control(system: MeteringSystem, action: str, values: Mapping[str, Any], now: int) -> int | None:
    """Do `action` to the device at the instant `now`; return from when it holds, where known.

    `text` octets=bytes · `activate` · `deactivate` · `factory` (the consumer ports as delivered) ·
    `outages` count=int seconds=int · `clock` utc=datetime · `power` seconds=float (off for
    so long) · `load` watts=float or None · `source` phases=[(V, A, degrees), ...] hertz=float
    harmonics=[(order, share, degrees), ...] leak_a=float (phases=None: the household again). Raises
    UsageError for another action, for values that the action does not take, and for those that no
    device can have.
    """
    if action not in _ACTIONS:
        known = ", ".join(sorted(_ACTIONS))
        raise UsageError(f"the simulated device has no action {action!r} (known: {known})")
    act, names = _ACTIONS[action]
    if set(values) != set(names):
        takes = " and ".join(f"{name}=" for name in names) or "no values"
        given = ", ".join(sorted(values)) or "none"
        raise UsageError(f"action {action!r} takes {takes}, not {given}")
    return act(system, now, **values)


def _text(system: MeteringSystem, _now: int, octets: bytes) -> None:
    """Take any text: whether a meter may show it is for the cases to say."""
    system.text = bytes(octets)


def _activate(system: MeteringSystem, now: int) -> None:
    system.activate(True, now)


def _deactivate(system: MeteringSystem, now: int) -> None:
    system.activate(False, now)


def _factory(system: MeteringSystem, now: int) -> None:
    system.restore_delivery(now)


def _outages(system: MeteringSystem, now: int, count: int, seconds: int) -> None:
    system.add_outages(count, seconds, now)


def _clock(system: MeteringSystem, now: int, utc: datetime) -> None:
    system.set_clock(utc, now)


def _power(system: MeteringSystem, now: int, seconds: float) -> int:
    return system.cut_supply(seconds, now)


def _load(system: MeteringSystem, now: int, watts: float | None) -> int:
    return system.hold_load(watts, now)


def _source(
    system: MeteringSystem,
    now: int,
    phases: Sequence[tuple[float, float, float]] | None,
    hertz: float,
    harmonics: Sequence[tuple[int, float, float]],
    leak_a: float,
) -> int:
    power = None if phases is None else sourced(phases, hertz, harmonics, leak_a)
    return system.connect_source(power, now)


_ACTIONS: dict[str, tuple[Callable[..., int | None], tuple[str, ...]]] = {
    "text": (_text, ("octets",)),
    "activate": (_activate, ()),
    "deactivate": (_deactivate, ()),
    "factory": (_factory, ()),
    "outages": (_outages, ("count", "seconds")),
    "clock": (_clock, ("utc",)),
    "power": (_power, ("seconds",)),
    "load": (_load, ("watts",)),
    "source": (_source, ("phases", "hertz", "harmonics", "leak_a")),
}
