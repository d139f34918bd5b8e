"""Small edits from which the deviations of a P1 telegram are put together; all are pure."""

from collections.abc import Callable, Mapping, Sequence

from bench.core.line import LineSettings
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.household import Household
from bench.simulator.ports.p1 import Sealing, Stage

Lines = tuple[str, ...]


def p1_fault(
    name: str,
    summary: str,
    clause: str,
    killers: tuple[str, ...],
    *alterations: Alteration,
    also: tuple[str, ...] = (),
    profile: str = "nl50",
) -> Fault:
    """Return the P1 fault "p1.NAME"."""
    return Fault(f"p1.{name}", "p1", summary, clause, profile, killers, also, alterations)


def p1_variation(
    name: str,
    summary: str,
    clause: str,
    *alterations: Alteration,
    profile: str = "nl50",
    declares: Mapping[str, object] | None = None,
) -> Variation:
    """Return the P1 variation "p1.NAME"."""
    return Variation(f"p1.{name}", "p1", summary, clause, profile, alterations, declares or {})


def home(edit: Callable[[Household], Household]) -> Alteration:
    """Change the household behind the port."""
    return Alteration(Stage.HOUSEHOLD, lambda found, _index: edit(found))


def line(edit: Callable[[LineSettings], LineSettings | None]) -> Alteration:
    """Change the character format that the port sends with."""
    return Alteration(Stage.LINE, lambda found, _index: edit(found))


def header(edit: Callable[[str], str]) -> Alteration:
    """Change the identification line."""
    return Alteration(Stage.HEADER, lambda found, _index: edit(found))


def lines(edit: Callable[[Lines], Sequence[str]]) -> Alteration:
    """Change the data lines as a whole."""
    return Alteration(Stage.LINES, lambda found, _index: tuple(edit(found)))


def body(edit: Callable[[bytes], bytes]) -> Alteration:
    """Change the octets that the CRC covers, before it is computed."""
    return Alteration(Stage.BODY, lambda found, _index: edit(found))


def digits(edit: Callable[[Sealing], bytes]) -> Alteration:
    """Change the CRC digits."""
    return Alteration(Stage.DIGITS, lambda found, _index: edit(found))


def wire(edit: Callable[[bytes], bytes]) -> Alteration:
    """Change the octets of the sealed telegram and what follows it."""
    return Alteration(Stage.WIRE, lambda found, _index: edit(found))


def bursts(sizes: Callable[[bytes], Sequence[int]]) -> Alteration:
    """Change how many octets arrive together."""
    return Alteration(Stage.BURSTS, lambda found, _index: sizes(found))


def sometimes(altered: Alteration, every: int = 3) -> Alteration:
    """Leave the first telegram of each `every` as it is and alter the second one only.

    For deviations that make a telegram unreadable: the bench still sees that the port is alive.
    """

    def change(found: object, index: int) -> object:
        return altered.change(found, index) if index % every == 1 else found

    return Alteration(altered.stage, change)


def each_line(edit: Callable[[str], str]) -> Alteration:
    """Change every data line."""
    return lines(lambda found: tuple(edit(one) for one in found))


def value(obis: str, edit: Callable[[str], str]) -> Alteration:
    """Change what follows the OBIS code in the line of one object."""

    def change(one: str) -> str:
        return obis + edit(one[len(obis) :]) if one.startswith(f"{obis}(") else one

    return each_line(change)


def code(obis: str, other: str) -> Alteration:
    """Write another OBIS code in the line of one object."""

    def change(one: str) -> str:
        return other + one[len(obis) :] if one.startswith(f"{obis}(") else one

    return each_line(change)


def says(obis: str, text: str) -> Alteration:
    """Replace all groups of one object, brackets included."""
    return value(obis, lambda _text: text)


def added(line_text: str, at: float = 1.0) -> Alteration:
    """Add a line at a share of the way through the data lines: 0 is first, 1 is last."""

    def change(found: Lines) -> Lines:
        place = round(at * len(found))
        return (*found[:place], line_text, *found[place:])

    return lines(change)


def from_group(text: str, start: int, replacement: str) -> str:
    """Return `(abc)` with the text from character `start` of its first group replaced."""
    group, _, rest = text[1:].partition(")")
    return f"({group[:start]}{replacement}){rest}"
