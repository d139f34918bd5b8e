"""Area A4, linked devices: the block of a channel, its units, the Flemish gas meter, no data."""

import re
from collections.abc import Callable, Iterable, Iterator

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.p1.profile import Profile
from bench.protocols.p1.telegram import DataLine
from bench.protocols.p1.timestamp import Timestamp
from suites.p1.content import (
    DEVICE_TYPE,
    IDENTIFIERS,
    brackets,
    channels,
    code_of,
    place,
    readable,
    reading_lines,
    type_of,
)
from suites.p1.watch import Seen, TelegramWatch

_TABLE = "DSMR-5.0.2:6.12"
_READING = "DSMR-5.0.2:6.10"
_FLEMISH = "e-MUCS-H-1.3:T1"
_GAS = 3
_UNCORRECTED = "24.2.3"
_CORRECTED = "24.2.1"
_VALVE = "24.4.0"

Block = tuple[Seen, int, tuple[DataLine, ...]]


def _blocks(telegrams: Iterable[Seen], kind: int | None = None) -> tuple[Block, ...]:
    """Return every channel of every telegram: the telegram, the channel's number, its lines.

    `kind` leaves those of one device type.
    """
    return tuple(
        (seen, channel, lines)
        for seen in readable(telegrams)
        for channel, lines in channels(seen).items()
        if kind is None or type_of(lines) == kind
    )


@case(
    Case(
        id="P1-A-046",
        version=1,
        interface="p1",
        title="Block of a linked device",
        purpose="Ensure that what is shown of a linked device is complete and starts with its "
        "type, so that readers know what the other objects mean.",
        stimulus="Listen.",
        criterion="At least one channel is shown; on each, 0-n:24.1.0 comes before all other "
        "objects, an identifier and a reading are there, and n is 1 to 4.",
        kind=Kind.VALID,
        clauses=(_TABLE,),
        ics="P1/MBUS",
        detects=(
            "p1.mbus-absent",
            "p1.mbus-reading-before-type",
            "p1.mbus-no-type",
            "p1.mbus-no-identifier",
            "p1.mbus-no-reading",
            "p1.mbus-no-reading-be17",
            "p1.mbus-channel-5",
        ),
    )
)
def test_block(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Every device can be read by its channel alone."""
    whole = readable(telegrams)
    expected = "at least one linked device, as declared"
    lacking = [
        Deviation(Place(seen.number), expected, "no object of a linked device")
        for seen in whole
        if not channels(seen)
    ]
    verify.none_of("linked", lacking, examined=len(whole), expected=expected)
    blocks = _blocks(telegrams)
    profile = watch.profile
    for check_id, expected, wrong in (
        ("type", "0-n:24.1.0 on every channel", _no_type),
        ("type-first", "0-n:24.1.0 before all other objects of the channel", _type_not_first),
        ("identifier", "0-n:96.1.0 or 0-n:96.1.1", _no_identifier),
        ("reading", "a reading on every channel", _no_reading),
    ):
        found = [
            Deviation(place(seen, lines[0]), expected, f"channel {channel}: {message}")
            for seen, channel, lines in blocks
            if (message := wrong(lines))
        ]
        verify.none_of(
            check_id,
            found,
            examined=len(blocks),
            things="channels",
            expected=expected,
            level=profile.level("device-type-first") if check_id == "type-first" else None,
        )
    expected = f"channels 1 to {profile.channels}"
    beyond = [
        Deviation(place(seen, lines[0]), expected, f"an object of channel {channel}")
        for seen, channel, lines in blocks
        if channel > profile.channels
    ]
    verify.none_of("channel", beyond, examined=len(blocks), things="channels", expected=expected)


def _no_type(lines: tuple[DataLine, ...]) -> str:
    return "" if any(code_of(line) == DEVICE_TYPE for line in lines) else "no device type"


def _type_not_first(lines: tuple[DataLine, ...]) -> str:
    first = code_of(lines[0])
    late = first != DEVICE_TYPE and not _no_type(lines)
    return f"{first} comes before the device type" if late else ""


def _no_identifier(lines: tuple[DataLine, ...]) -> str:
    return "" if any(code_of(line) in IDENTIFIERS for line in lines) else "no identifier"


def _no_reading(lines: tuple[DataLine, ...]) -> str:
    return "" if reading_lines(lines) else "a device without a reading"


@case(
    Case(
        id="P1-A-047",
        version=1,
        interface="p1",
        title="Unit by device type",
        purpose="Ensure that a reading has the unit of what its device measures, in the object "
        "of that device.",
        stimulus="Listen.",
        criterion="m3 for gas and water, GJ for heat and cold, kWh for electricity; an object of "
        "one medium (0-n:24.2.3: gas) is used for that medium only.",
        kind=Kind.VALID,
        clauses=(_TABLE, _FLEMISH),
        ics="P1/MBUS and P1/DEVICE-UNITS and not P1/MBUS-UNREAD",
        detects=(
            "p1.mbus-gas-in-gj",
            "p1.mbus-gas-in-kwh",
            "p1.mbus-water-in-gj",
            "p1.mbus-water-as-gas",
        ),
    )
)
def test_unit(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Cubic metres are not taken for gigajoules."""
    profile = watch.profile
    read = [
        (seen, kind, line)
        for seen, _, lines in _blocks(telegrams)
        if (kind := type_of(lines)) is not None
        for line in reading_lines(lines)
        if line.obis is not None and not line.no_data
    ]
    units = [
        Deviation(place(seen, line), " or ".join(wanted), f"{line.obis} of type {kind:03}: {unit}")
        for seen, kind, line in read
        if (unit := _unit(line))
        and (wanted := _units_by_type(profile, line.obis or "", kind))
        and unit not in wanted
    ]
    verify.none_of(
        "unit", units, examined=len(read), things="readings", expected="the unit of the medium"
    )
    objects = [
        Deviation(place(seen, line), "an object of this medium", f"{line.obis} for type {kind:03}")
        for seen, kind, line in read
        if (entry := profile.find(line.obis or "")) and entry.types and kind not in entry.types
    ]
    verify.none_of(
        "object",
        objects,
        examined=len(read),
        things="readings",
        expected="objects of one medium for that medium only",
        clause=profile.clause("device-object"),
        level=profile.level("device-object"),
    )


_UNITS = frozenset({"m3", "GJ", "kWh"})


def _unit(line: DataLine) -> str:
    """Return the unit of a reading; "" for none, and for one that no device has."""
    unit = line.groups[-1].partition("*")[2]
    return unit if unit in _UNITS else ""


def _units_by_type(profile: Profile, obis: str, kind: int) -> frozenset[str]:
    """Return the units that a reading of this device type may have, empty if any."""
    entry = profile.find(obis)
    narrowed = entry.by_type.get(kind) if entry else None
    return narrowed.units if narrowed else frozenset()


@case(
    Case(
        id="P1-A-048",
        version=1,
        interface="p1",
        title="Flemish gas meter",
        purpose="Ensure that a Flemish gas meter is shown with its uncorrected reading, its valve "
        "and its identifier.",
        stimulus="Listen.",
        criterion="A channel of type 003 has 0-n:24.2.3 and no 0-n:24.2.1, 0-n:24.4.0, and an "
        "identifier in 0-n:96.1.1 or 0-n:96.1.0.",
        kind=Kind.CAPABILITY,
        clauses=(_FLEMISH,),
        ics="P1/BE and P1/GAS",
        detects=(
            "p1.gas-corrected-be17",
            "p1.gas-without-valve",
            "p1.gas-without-identifier",
            "p1.gas-of-no-type",
        ),
    )
)
def test_flemish_gas(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Nobody takes a corrected volume for an uncorrected one."""
    whole = readable(telegrams)
    expected = "a channel of type 003, as declared"
    lacking = [
        Deviation(Place(seen.number), expected, "no gas meter")
        for seen in whole
        if not any(type_of(lines) == _GAS for lines in channels(seen).values())
    ]
    verify.none_of("gas", lacking, examined=len(whole), expected=expected)
    blocks = _blocks(telegrams, _GAS)
    for check_id, wanted, unwanted in (
        ("reading", {_UNCORRECTED}, {_CORRECTED}),
        ("valve", {_VALVE}, set()),
        ("identifier", IDENTIFIERS, set()),
    ):
        expected = " or ".join(sorted(wanted))
        found = []
        for seen, channel, lines in blocks:
            codes = {code_of(line) for line in lines}
            if not codes & wanted or codes & unwanted:
                shown = ", ".join(sorted(codes & unwanted)) or "none of it"
                message = f"channel {channel}: {shown} in place of {expected}"
                found.append(Deviation(place(seen, lines[0]), expected, message))
        verify.none_of(
            check_id, found, examined=len(blocks), things="gas meters", expected=expected
        )


@case(
    Case(
        id="P1-A-049",
        version=1,
        interface="p1",
        title="Decimals of the gas reading by the meter's size",
        purpose="Ensure that the gas reading has the resolution that belongs to the size of the "
        "gas meter.",
        stimulus="Listen.",
        criterion="F8(3,3) up to 10 m3/h (G4 and G6), F8(2,2) above, for the declared "
        "gas_meter_size.",
        kind=Kind.VALID,
        clauses=(_TABLE,),
        ics="P1/GAS and P1/GAS-DECIMALS and not P1/MBUS-UNREAD",
        ixit=("gas_meter_size",),
        detects=("p1.gas-two-decimals-g4", "p1.gas-three-decimals-g16"),
    )
)
def test_gas_decimals(telegrams: tuple[Seen, ...], context: CaseContext, verify: Checks) -> None:
    """Readings of large and small meters are told apart by their decimals."""
    size = str(context.ixit["gas_meter_size"])
    nominal = re.fullmatch(r"G([0-9]+(?:\.[0-9]+)?)", size)
    if nominal is None:
        raise Inconclusive(
            Reason.PRECONDITION, f"gas_meter_size {size!r} is no size; write for example G4"
        )
    decimals = 3 if float(nominal[1]) <= 6 else 2  # the largest flow of a G6 is 10 m3/h
    expected = f"{decimals} decimals, as the gas meter is a {size}"
    read = [
        (seen, line, number[1])
        for seen, _, lines in _blocks(telegrams, _GAS)
        for line in reading_lines(lines)
        if (number := re.search(r"^[0-9]+\.([0-9]+)\*m3$", line.groups[-1]))
    ]
    deviations = [
        Deviation(place(seen, line), expected, f"{line.obis}{brackets(line)}")
        for seen, line, after in read
        if len(after) != decimals
    ]
    verify.none_of(
        "decimals", deviations, examined=len(read), things="gas readings", expected=expected
    )


@case(
    Case(
        id="P1-A-050",
        version=1,
        interface="p1",
        title="No reading yet",
        purpose="Ensure that a device that was linked and not read yet is not shown with a "
        "reading, and that readers find the usual form all the same.",
        stimulus="Listen while a device is linked that has not been read (P1/MBUS-UNREAD).",
        criterion="No channel is shown, or a reading of time stamp and value; the mark for no "
        "data with the value zero, and the unit, are observations.",
        kind=Kind.VALID,
        clauses=(_READING,),
        ics="P1/MBUS-UNREAD and P1/STAMPED-READINGS",
        detects=(
            "p1.unread-empty-brackets",
            "p1.unread-date-alone",
            "p1.unread-crash-date",
            "p1.unread-value",
            "p1.unread-without-unit",
        ),
    )
)
def test_no_reading(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Readers do not stumble over a new meter."""
    whole = readable(telegrams)
    lines = [
        (seen, line)
        for seen, _, block in _blocks(telegrams)
        for line in reading_lines(block)
        if not _is_reading(line)
    ]
    if not lines:
        _judge_absence(verify, whole)
        return
    verify.none_of(
        "shape",
        _deviations(lines, "(time stamp)(value)", lambda groups: len(groups) == 2),
        examined=len(lines),
        things="readings without data",
        expected="(time stamp)(value)",
    )
    pairs = [(seen, line) for seen, line in lines if len(line.groups) == 2]
    for check_id, expected, fits in (
        ("marker", "a mark for no data, and the value zero", _is_marked),
        ("unit", "the unit m3", lambda groups: "*" in groups[1]),
    ):
        verify.none_of(
            check_id,
            _deviations(pairs, expected, fits),
            examined=len(pairs),
            things="readings without data",
            expected=expected,
            level=Level.SHOULD,
        )


def _judge_absence(verify: Checks, telegrams: tuple[Seen, ...]) -> None:
    shown = any(channels(seen) for seen in telegrams)
    if telegrams and not shown:
        verify.that(
            "shape",
            True,
            expected="no channel, or (time stamp)(value)",
            observed="the device is not shown before it has been read",
        )
        return
    verify.undecided(
        "shape",
        Reason.PRECONDITION,
        expected="a device that has not been read",
        observed="every device shown has a reading; link one anew",
    )


def _is_reading(line: DataLine) -> bool:
    """Whether a line shows a stamp of the calendar and a value."""
    if line.no_data or len(line.groups) != 2:
        return False
    return Timestamp(line.groups[0]).exists and bool(line.groups[1])


def _is_marked(groups: tuple[str, ...]) -> bool:
    stamp, value = groups
    zero = re.fullmatch(r"0+(?:\.0+)?(?:\*.*)?", value) is not None
    return (
        zero and re.fullmatch(r"(?:632525252525|700101010000|000101010000)[SW]", stamp) is not None
    )


def _deviations(
    lines: Iterable[tuple[Seen, DataLine]], expected: str, fits: Callable[[tuple[str, ...]], bool]
) -> Iterator[Deviation]:
    for seen, line in lines:
        if not fits(line.groups):
            yield Deviation(place(seen, line), expected, f"{line.obis}{brackets(line)}")
