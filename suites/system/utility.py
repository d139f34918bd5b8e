"""What the utility reads over WAN, whatever the customer consents to: the same few objects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.core.check import Deviation, Place
from suites.system.ports import Ports
from suites.system.samples import Sample
from suites.system.shown import Registers
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.stamps import Shown

ENERGY = "1-0:1.8.0"
_CLOCK = (8, "0.0.1.0.0.255", 2)


@dataclass(frozen=True, slots=True)
class Item:
    """An attribute that is read; `fixed` if its value stays the same meanwhile."""

    class_id: int
    name: str
    attribute: int
    what: str
    fixed: bool = False

    def __str__(self) -> str:
        return f"{self.what} (class {self.class_id} {self.name}, attribute {self.attribute})"


ITEMS = (
    Item(1, "0.0.42.0.0.255", 2, "logical device name", fixed=True),
    Item(1, "0.0.96.1.0.255", 2, "device identification", fixed=True),
    Item(15, "0.0.40.0.0.255", 2, "object list", fixed=True),
    Item(70, "0.0.96.3.10.255", 3, "state of the breaker", fixed=True),
    Item(*_CLOCK, "clock"),
    Item(3, "1.0.1.8.0.255", 2, "imported energy"),
    Item(3, "1.0.2.8.0.255", 2, "exported energy"),
    Item(3, "1.0.1.7.0.255", 2, "imported power"),
    Item(3, "1.0.32.7.0.255", 2, "voltage of L1"),
    Item(7, "1.0.99.1.0.255", 7, "entries of the load profile"),
)


@dataclass(frozen=True)
class Look:
    """What was read at one time; `failed` says why no association was to be had, "" if one was."""

    answers: Mapping[Item, Answer]
    energy: Sample | None = None
    failed: str = ""

    @property
    def clock(self) -> Shown | None:
        """What the clock showed."""
        return next((Shown.of(a) for i, a in self.answers.items() if i.what == "clock"), None)


def look(ports: Ports) -> Look:
    """Read the objects over a fresh association."""
    aa = ports.meter.association("main")
    opened = aa.open()
    if not opened.established:
        aa.close()
        return Look({}, failed=f"no association: {opened.failed}")
    with aa:
        answers = {one: aa.get(one.class_id, one.name, one.attribute) for one in ITEMS}
        return Look(answers, Registers(ports, aa).sample(ENERGY))


def other_kinds(ports: Ports, usual: Look, closed: Iterable[Look]) -> list[Deviation]:
    """Return the answers that are of another kind: refused, or of another type."""
    return [
        _deviation(ports, item, _kind(usual.answers[item]), answer)
        for one in closed
        for item, answer in one.answers.items()
        if _kind(answer) != _kind(usual.answers[item])
    ]


def other_values(ports: Ports, usual: Look, closed: Iterable[Look]) -> list[Deviation]:
    """Return the answers of the same kind with another value, where it is a fixed one."""
    return [
        _deviation(ports, item, _short(usual.answers[item]), answer)
        for one in closed
        for item, answer in one.answers.items()
        if item.fixed
        and answer.ok
        and _kind(answer) == _kind(usual.answers[item])
        and answer.data != usual.answers[item].data
    ]


def _deviation(ports: Ports, item: Item, expected: str, answer: Answer) -> Deviation:
    place = ports.place_wan(answer) or Place(0)
    return Deviation(place, f"{item}: {expected}", _short(answer))


def _kind(answer: Answer) -> str:
    if answer.ok and answer.data is not None:
        kind = answer.data.type
        return f"data of type {getattr(kind, 'name', kind)}"
    return str(answer)


def _short(answer: Answer) -> str:
    text = str(answer)
    return text if len(text) <= 60 else f"{text[:57]}..."
