"""What is in a telegram: which objects, of which linked device, in which edition's formats.

The cases about content look at telegrams that arrived as they were sent: damaged octets, wrong
CRCs and lines without grammar are the business of other cases.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from bench.core.check import Deviation, Level, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.p1.objects import ObjectFormat
from bench.protocols.p1.profile import Profile, load_profile, profile_names
from bench.protocols.p1.telegram import DataLine
from suites.p1.watch import Seen

_DAMAGE = frozenset(
    {"start", "line-end", "end-mark", "after-end", "crc", "crc-missing"}
    | {"control", "non-ascii", "handshake"}
)
_UNREADABLE = _DAMAGE | {"grammar"}
DEVICE_TYPE = "24.1.0"
READINGS = frozenset({"24.2.1", "24.2.3", "24.3.0", "24.3.1"})
IDENTIFIERS = frozenset({"96.1.0", "96.1.1"})
_OF_A_DEVICE = READINGS | IDENTIFIERS | {DEVICE_TYPE, "24.4.0", "96.1.2"}


def sound(telegrams: Iterable[Seen]) -> tuple[Seen, ...]:
    """Return the telegrams whose objects can be read without doubt."""
    return tuple(
        seen
        for seen in telegrams
        if not any(problem.code in _UNREADABLE for problem in seen.telegram.problems)
    )


def damaged(seen: Seen) -> bool:
    """Whether octets of a telegram are not what they should be, whatever its lines say."""
    return any(problem.code in _DAMAGE for problem in seen.telegram.problems)


def readable(telegrams: Iterable[Seen]) -> tuple[Seen, ...]:
    """Return the sound telegrams; Inconclusive for none: an observation would look like a pass."""
    found = sound(telegrams)
    if not found:
        raise Inconclusive(
            Reason.PRECONDITION,
            "no telegram is whole, its CRC right and each of its lines readable; see the cases "
            "about framing, CRC and grammar first",
        )
    return found


def lines_of(seen: Seen, obis: str) -> tuple[DataLine, ...]:
    """Return the well-formed lines of one object."""
    return tuple(line for line in seen.telegram.lines if line.obis == obis and line.well_formed)


def place(seen: Seen, line: DataLine) -> Place:
    """Return where a line stands in the observation."""
    return Place(seen.number, line.offset, line.length, line.line)


def brackets(line: DataLine) -> str:
    """Return the groups of a line as they were sent."""
    return "".join(f"({group})" for group in line.groups)


def judge_presence(
    verify: Checks, check_id: str, telegrams: Sequence[Seen], wanted: Sequence[ObjectFormat]
) -> None:
    """Record that each telegram has all objects `wanted`, one check for each level of theirs.

    A telegram that lacks several objects counts each of them.
    """
    whole = readable(telegrams)
    for level in Level:
        group = [entry for entry in wanted if entry.presence is level]
        if not group:
            continue
        missing = list(_absent(whole, group))
        clause = next((entry.clause for entry, _ in missing), group[0].clause)
        verify.none_of(
            check_id,
            [deviation for _, deviation in missing],
            examined=len(whole),
            expected=f"all of {len(group)} objects",
            clause=clause,
            level=level,
        )


def _absent(
    telegrams: Sequence[Seen], wanted: Sequence[ObjectFormat]
) -> Iterable[tuple[ObjectFormat, Deviation]]:
    for seen in telegrams:
        present = {line.obis for line in seen.telegram.lines}
        for entry in wanted:
            if entry.obis not in present:
                expected = f"{entry.obis} ({entry.meaning})"
                yield entry, Deviation(Place(seen.number), expected, f"{expected} is absent")


def channels(seen: Seen) -> Mapping[int, tuple[DataLine, ...]]:
    """Return the well-formed lines of linked devices by channel, in the telegram's order.

    The meter's own relays have a channel, too, but are no device.
    """
    found: dict[int, list[DataLine]] = {}
    for line in seen.telegram.lines:
        if line.obis is None or not line.well_formed or not line.obis.startswith("0-"):
            continue
        channel, _, code = line.obis[2:].partition(":")
        if int(channel) > 0 and code in _OF_A_DEVICE:
            found.setdefault(int(channel), []).append(line)
    return {channel: tuple(lines) for channel, lines in found.items()}


def code_of(line: DataLine) -> str:
    """Return C.D.E of a line's OBIS code."""
    return (line.obis or "").partition(":")[2]


def type_of(lines: Iterable[DataLine]) -> int | None:
    """Return the device type that a channel's lines announce, None if they announce none."""
    for line in lines:
        if code_of(line) == DEVICE_TYPE and line.groups[0].isdecimal():
            return int(line.groups[0])
    return None


def reading_lines(lines: Iterable[DataLine]) -> tuple[DataLine, ...]:
    """Return the lines of a channel that hold its reading."""
    return tuple(line for line in lines if code_of(line) in READINGS)


def editions_like(profile: Profile) -> tuple[Profile, ...]:
    """Return the editions of a profile's country that announce themselves in the same object."""
    country = [load_profile(key) for key in profile_names() if key[:2] == profile.key[:2]]
    return tuple(one for one in country if one.version.obis == profile.version.obis)


def announced(seen: Seen, profile: Profile) -> Profile | None:
    """Return the edition that a telegram announces; None if none or one that nobody knows."""
    lines = lines_of(seen, profile.version.obis)
    if len(lines) != 1:
        return None
    said = lines[0].groups[0]
    return next((e for e in editions_like(profile) if said in e.version.values), None)


def foreign_formats(seen: Seen, edition: Profile) -> Iterable[tuple[ObjectFormat, Deviation]]:
    """Yield each object of the meter whose value has the format of another edition than `edition`.

    A value in the format of no edition is left to the cases about formats.
    """
    others = [one for one in editions_like(edition) if one is not edition]
    for line in seen.telegram.lines:
        entry = edition.find(line.obis) if line.obis and line.well_formed else None
        if line.obis is None or entry is None or "-n:" in entry.obis:
            continue
        text = brackets(line)
        if entry.match(text, line.groups) is not None:
            continue
        fitting = [
            other.title
            for other in others
            if (known := other.find(line.obis)) and known.match(text, line.groups)
        ]
        if fitting:
            expected = f"{line.obis}{entry.shapes[0]}"
            message = f"{line.obis}{text} is in the format of {fitting[0]}"
            yield entry, Deviation(place(seen, line), expected, message)


def judge_found(
    verify: Checks,
    check_id: str,
    found: Iterable[tuple[ObjectFormat, Deviation]],
    *,
    examined: int,
    expected: str,
) -> None:
    """Record deviations of objects, at the level that each object has; none is a must met."""
    by_level = sorted(found, key=lambda pair: pair[0].level)
    groups = [(level, list(pairs)) for level, pairs in groupby(by_level, lambda p: p[0].level)]
    if not groups:
        verify.none_of(check_id, (), examined=examined, expected=expected)
    for level, pairs in groups:
        verify.none_of(
            check_id,
            [deviation for _, deviation in pairs],
            examined=examined,
            expected=expected,
            clause=pairs[0][0].clause,
            level=level,
        )
