"""One look at all ports: what P1 and S1 sent, and what WAN answered meanwhile."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from suites.p1.readings import Reading
from suites.s1.capture import Capture
from suites.system.ports import Ports
from suites.system.samples import Sample
from suites.system.shown import Registers, p1_samples, p1_sum

_LISTENED_S = 4.0
_ROUNDS, _ROUNDS_ALONE = 2, 6  # of reading WAN: where it stands for P1 as well it is read often
_ROUND_S = 0.5
_KEPT_OPEN_S = 5.0  # longer pauses are made without an association


@dataclass(slots=True)
class Look:
    """What was heard and read during one stretch of time."""

    readings: tuple[Reading, ...] = ()
    capture: Capture | None = None
    wan: dict[str, list[Sample]] = field(default_factory=dict)


def look(ports: Ports, codes: Iterable[str] = (), apart_s: float = 0.0) -> Look:
    """Hear what listens, and read registers some times meanwhile, `apart_s` after one another.

    Inconclusive (PRECONDITION) where P1 is declared and sends no whole telegram.
    """
    found = Look()
    ports.begin()
    ports.hear(_LISTENED_S + ports.lag_s)
    if ports.has("wan"):
        found.wan = _read(ports, list(codes), apart_s)
    ports.hear(ports.lag_s + 1.0)
    if ports.has("p1"):
        found.readings = ports.readings()
        if not found.readings:
            raise Inconclusive(Reason.PRECONDITION, "P1 sent no whole telegram meanwhile")
    if ports.has("s1"):
        found.capture = ports.capture()
    return found


def _read(ports: Ports, codes: Sequence[str], apart_s: float) -> dict[str, list[Sample]]:
    """Return what registers show in some rounds, those that there are."""
    found: dict[str, list[Sample]] = {}
    rounds = _ROUNDS if ports.has("p1") else _ROUNDS_ALONE
    if apart_s <= _KEPT_OPEN_S:
        with ports.meter.associate("main") as aa:
            registers = Registers(ports, aa)
            for number in range(rounds):
                if number:
                    ports.hear(max(apart_s, _ROUND_S))
                _round(registers, codes, found)
        return found
    for number in range(_ROUNDS):
        if number:
            ports.hear(apart_s)
        with ports.meter.associate("main") as aa:
            _round(Registers(ports, aa), codes, found)
    return found


def _round(registers: Registers, codes: Iterable[str], found: dict[str, list[Sample]]) -> None:
    for code in codes:
        if (sample := registers.sample(code)) is not None:
            found.setdefault(code, []).append(sample)


def is_sparse(ports: Ports) -> bool:
    """Whether what others are compared with may have changed unseen between two values."""
    return not ports.has("p1") or ports.p1_profile.interval_s > 1.0


def energies(ports: Ports, readings: Sequence[Reading], group: str) -> dict[str, list[Sample]]:
    """Return P1's registers of an energy by COSEM code; the sum of the tariffs is the total."""
    shown = sorted({obis for one in readings for obis in one.objects})
    tariffs = [obis for obis in shown if re.fullmatch(rf"1-0:{group}\.8\.[1-9]", obis)]
    found = {obis: p1_samples(ports, readings, obis) for obis in tariffs}
    total = f"1-0:{group}.8.0"
    if total in shown:
        found[total] = p1_samples(ports, readings, total)
    elif tariffs:
        what = " + ".join(tariffs)
        found[total] = p1_sum(ports, readings, [(one, 1) for one in tariffs], what)
    return found


def powers(ports: Ports, found: Look) -> tuple[dict[str, list[Sample]], Mapping[str, list[Sample]]]:
    """Return the reference by code, "net" being import less export, and what WAN shows beside."""
    directions = ("1-0:1.7.0", "1-0:2.7.0")
    if not ports.has("p1"):
        drawn, fed = (found.wan.get(code, []) for code in directions)
        net = [
            Sample(
                "COSEM 1-0:1.7.0 - 2.7.0",
                one.value - other.value,
                one.resolution + other.resolution,
                one.from_ns,
                other.until_ns,
                one.place,
            )
            for one, other in zip(drawn, fed, strict=False)
        ]
        return {"net": net}, {}
    reference = {code: p1_samples(ports, found.readings, code) for code in directions}
    terms = [(directions[0], 1), (directions[1], -1)]
    reference["net"] = p1_sum(ports, found.readings, terms, "1-0:1.7.0 - 2.7.0")
    return reference, found.wan
