"""What a profile says about one object: its meaning, the shapes of its groups, its rule."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from bench.core.check import Level
from bench.protocols.p1.formats import Fault, Format, TypedValue, generic_value


class Rule(StrEnum):
    """When an object has to be in the telegram."""

    ALWAYS = "M"
    POLYPHASE = "P"
    MBUS = "X"
    OPTIONAL = "O"


class GroupFault(NamedTuple):
    """A fault of one group; -1 where it concerns the groups together."""

    group: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class Shape:
    """A sequence of groups; `repeat` may follow any number of times.

    `no_data` marks a legal way to say that there is no value; `calendar` says that text may fit
    the pattern and still name no date.
    """

    groups: tuple[Format, ...]
    repeat: tuple[Format, ...] = ()
    no_data: bool = False
    calendar: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        calendar = any(form.calendar for form in self.groups + self.repeat)
        object.__setattr__(self, "calendar", calendar)

    @property
    def pattern(self) -> str:
        """A regular expression for the text of all groups with their brackets."""
        fixed = "".join(rf"\({group.pattern}\)" for group in self.groups)
        again = "".join(rf"\({group.pattern}\)" for group in self.repeat)
        return fixed + (f"(?:{again})*" if again else "")

    def formats(self, count: int) -> tuple[Format, ...] | None:
        """Return the formats of `count` groups, or None if the shape cannot have as many."""
        extra = count - len(self.groups)
        if extra == 0:
            return self.groups
        if extra < 0 or not self.repeat or extra % len(self.repeat):
            return None
        return self.groups + self.repeat * (extra // len(self.repeat))

    def __str__(self) -> str:
        repeat = "".join(f"({group})" for group in self.repeat)
        return "".join(f"({group})" for group in self.groups) + (f"[{repeat}...]" if repeat else "")


@dataclass(frozen=True, slots=True)
class ObjectFormat:
    """One object of a profile; `obis` may hold the channel wildcard `n`.

    `by_type` narrows the shapes for the types of M-Bus device that the standard tells apart;
    `types` are the only types whose devices have the object, empty if any may. `level` says how
    binding the shapes are, `presence` the rule.
    """

    obis: str
    meaning: str
    shapes: tuple[Shape, ...]
    rule: Rule = Rule.OPTIONAL
    level: Level = Level.MUST
    clause: str = ""
    by_type: Mapping[int, "ObjectFormat"] = field(default_factory=dict, compare=False)
    types: tuple[int, ...] = ()
    presence: Level = Level.MUST
    _order: tuple[Shape, ...] = field(init=False, repr=False, compare=False)
    _regex: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Markers first: some look like a time stamp but for the calendar.
        order = tuple(sorted(self.shapes, key=lambda shape: not shape.no_data))
        pattern = "|".join(f"({shape.pattern})" for shape in order)
        object.__setattr__(self, "_order", order)
        object.__setattr__(self, "_regex", re.compile(pattern, re.ASCII))

    @property
    def units(self) -> frozenset[str]:
        """All units that any of its groups may carry."""
        formats = (f for shape in self.shapes for f in (*shape.groups, *shape.repeat))
        return frozenset(f.unit for f in formats) - {""}

    def match(self, text: str, groups: tuple[str, ...]) -> Shape | None:
        """Return the shape that `text`, the groups with their brackets, has; None if none."""
        found = self._regex.fullmatch(text)
        if found is None or found.lastindex is None:
            return None
        shape = self._order[found.lastindex - 1]
        if shape.calendar:
            formats = shape.formats(len(groups)) or ()
            for form, group in zip(formats, groups, strict=True):
                if form.calendar and not form.in_calendar(group):
                    return None
        return shape

    def diagnose(self, groups: tuple[str, ...]) -> tuple[GroupFault, ...]:
        """Return why the groups have none of the shapes, judged by the shape that is nearest."""
        best: tuple[GroupFault, ...] = ()
        best_weight = None
        for shape in self.shapes:
            if shape.no_data:
                continue
            weight, faults = _judge(shape, groups)
            if best_weight is None or weight < best_weight:
                best_weight, best = weight, faults
        return best

    def read(
        self, groups: tuple[str, ...], shape: Shape | None
    ) -> tuple[tuple[TypedValue, str], ...]:
        """Return value and unit of each group; as far as the text tells where no shape fits."""
        formats = None if shape is None else shape.formats(len(groups))
        if formats is None:
            return tuple([generic_value(group) for group in groups])
        return tuple([form.read(group) for form, group in zip(formats, groups, strict=True)])


_WEIGHT = {"octet-string-case": 1, "unit": 2, "unit-unexpected": 2, "format": 3}
_WRONG_COUNT = 1000


def _judge(shape: Shape, groups: tuple[str, ...]) -> tuple[int, tuple[GroupFault, ...]]:
    """Return the faults of the groups against one shape, and how far they are from it."""
    formats = shape.formats(len(groups))
    if formats is None:
        count = "1 group" if len(groups) == 1 else f"{len(groups)} groups"
        fault = Fault("format", f"{count} in place of {shape}")
        return _WRONG_COUNT, (GroupFault(-1, fault),)
    faults = _faults(formats, groups)
    weight = _weight(formats, groups, faults)
    if len(groups) == 2 and len(faults) == 2:
        turned = groups[::-1]
        if _weight(formats, turned, _faults(formats, turned)) < weight:
            fault = Fault("format", f"the groups are in the wrong order, expected {shape}")
            return weight, (GroupFault(-1, fault),)
    return weight, faults


def _faults(formats: tuple[Format, ...], groups: tuple[str, ...]) -> tuple[GroupFault, ...]:
    found = ((i, form.fault(groups[i])) for i, form in enumerate(formats))
    return tuple(GroupFault(i, fault) for i, fault in found if fault is not None)


def _weight(
    formats: tuple[Format, ...], groups: tuple[str, ...], faults: tuple[GroupFault, ...]
) -> int:
    """Weigh faults; a unit that is wrong where the number is right too weighs least."""
    weight = 0
    for index, fault in faults:
        weight += 10 * _WEIGHT.get(fault.code, 4)
        if fault.code == "unit":
            number = groups[index].partition("*")[0]
            completed = f"{number}*{formats[index].unit}"
            weight += 0 if formats[index].fits(completed) else 5
    return weight
