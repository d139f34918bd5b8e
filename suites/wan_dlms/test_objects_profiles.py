"""Area C8: shape and rhythm of profile generics, capture and reset (IEC 62056-6-2 §4.3.6)."""

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.cosem_types import BY_ENTRY, CaptureObject, entry_access
from bench.protocols.dlms.data_types import Data, DataType, Elements, integer
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.judging import judge, judge_done
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.model import CLOCK, CLOCK_CLASS, PROFILE, deviation
from suites.wan_dlms.profiles import (
    CAPTURE,
    IN_USE,
    MOST_ROWS,
    RESET,
    Profile,
    Row,
    declared_profile,
    profile_of,
    rows_in,
)
from suites.wan_dlms.stamps import Shown, stamp_of
from suites.wan_dlms.survey import Survey

_PROFILE = "IEC-62056-6-2:4.3.6"
_SAMPLE = 3  # rows of each profile
_STAMPS = 12  # rows whose rhythm is looked at
_SLOT_S = 1
_DAY_S = 86_400
_CAPTURED_WITHIN_S = 2.0
_STRINGS = frozenset({DataType.OCTET_STRING, DataType.DATE_TIME})


@case(
    Case(
        id="DLMS-OBJ-17",
        version=1,
        interface="wan",
        title="Shape of profile generics",
        purpose="Ensure that the rows of a profile are what its capture objects say.",
        stimulus="GET of the attributes of all profile generics; some rows of each buffer.",
        criterion="entries_in_use is not above profile_entries; each row has as many values as "
        "there are capture objects, each value the type of the attribute captured or null-data.",
        kind=Kind.VALID,
        clauses=(_PROFILE,),
        detects=("wan.row-width", "wan.row-types", "wan.entries-above-capacity"),
        bound_s=300.0,
    )
)
def test_profile_shape(meter: Meter, survey: Survey, verify: Checks) -> None:
    """Rows fit their columns, and there are no more than can be."""
    listed = survey.find(PROFILE)
    profiles = [found for one in listed if (found := profile_of(survey, one)) is not None]
    if not listed:
        verify.note("none", "no profile generic is on the object list")
        return
    unreadable = [one for one in listed if one.name not in [found.name for found in profiles]]
    strange = [
        deviation(survey.listing, f"columns and sizes of {one} can be read", "they cannot")
        for one in unreadable
    ]
    expected = "capture objects, period, entries in use and profile entries"
    verify.none_of("readable", strange, examined=len(listed), expected=expected, things="profiles")
    full: list[Deviation] = []
    for one in profiles:
        answer = survey.answer(PROFILE, one.name, IN_USE)
        if answer is not None and one.in_use > one.capacity:
            text = f"{one.in_use} entries of {one.capacity}"
            full.append(deviation(answer, f"{one.listed}: at most profile_entries", text))
    expected = "entries_in_use <= profile_entries"
    verify.none_of("entries", full, examined=len(profiles), expected=expected, things="profiles")
    with meter.associate("main") as aa:
        _judge_rows(verify, survey, aa, profiles)


def _judge_rows(verify: Checks, survey: Survey, aa: Association, profiles: list[Profile]) -> None:
    narrow: list[Deviation] = []
    mistyped: list[Deviation] = []
    refused: list[Deviation] = []
    examined = asked = 0
    for one in profiles:
        if not one.in_use or (BY_ENTRY not in one.selectors and one.in_use > MOST_ROWS):
            continue
        selection = entry_access(1, _SAMPLE) if BY_ENTRY in one.selectors else None
        answer = one.read(aa, selection)
        rows = rows_in(answer)
        asked += 1
        if rows is None:
            refused.append(deviation(answer, f"{one.listed}: rows", str(answer)))
            continue
        for number, row in enumerate(rows, 1):
            examined += 1
            where = f"{one.listed} row {number}"
            if len(row) != len(one.columns):
                text = f"{len(row)} values"
                narrow.append(deviation(answer, f"{where}: {len(one.columns)} values", text))
            elif problem := _type_problem(survey, one.columns, row):
                mistyped.append(deviation(answer, f"{where}: the captured types", problem))
    if not asked:
        verify.note("no-rows", "no profile has rows that can be read in part")
        return
    verify.none_of("rows", refused, examined=asked, expected="an array of structures")
    if examined:
        expected = "as many values as capture objects"
        verify.none_of("width", narrow, examined=examined, expected=expected, things="rows")
        expected = "the types of the attributes captured"
        verify.none_of("types", mistyped, examined=examined, expected=expected, things="rows")


def _type_problem(survey: Survey, columns: tuple[CaptureObject, ...], row: Row) -> str:
    for column, cell in zip(columns, row, strict=True):
        expected = _captured_type(survey, column)
        if cell.type == DataType.NULL_DATA or expected is None or cell.type == expected:
            continue
        if {cell.type, expected} <= _STRINGS:
            continue
        name = f"class {column.class_id} {column.instance} attribute {column.attribute}"
        return f"{cell} for {name}, which is {DataType(expected).title}"
    return ""


def _captured_type(survey: Survey, column: CaptureObject) -> int | None:
    """Return the type of what a column captures, None where it is not known."""
    found = survey.data(column.class_id, column.instance, column.attribute)
    if found is None or not isinstance(found.type, DataType):
        return None
    if not column.data_index:
        return int(found.type)
    if isinstance(found.value, Elements) and column.data_index <= len(found.value):
        return int(found.value[column.data_index - 1].type)
    return None


@case(
    Case(
        id="DLMS-OBJ-21",
        version=1,
        interface="wan",
        title="Rhythm and capture of profiles",
        purpose="Ensure that rows are captured when they are due, and when they are asked for.",
        stimulus="Rows of the load profile; where a profile is declared whose capture method may "
        "be used (capture_profile), its method capture.",
        criterion="Time stamps lie within 1 s of a multiple of the capture period in local time; "
        "after capture the last row has the time of the clock, to 2 s.",
        kind=Kind.VALID,
        clauses=(_PROFILE,),
        effects=Effects.REVERSIBLE,
        detects=("wan.capture-time-off", "wan.capture-ignored"),
    )
)
def test_capture(meter: Meter, survey: Survey, verify: Checks) -> None:
    """Rows come in time."""
    profile = declared_profile(meter, survey, "load_profile")
    with meter.associate("main") as aa:
        _judge_rhythm(verify, profile, aa)
        if "capture_profile" in meter.declared.values:
            captured = declared_profile(meter, survey, "capture_profile")
            _judge_capture(verify, captured, aa)


def _judge_rhythm(verify: Checks, profile: Profile, aa: Association) -> None:
    if profile.clock is None or profile.period_s <= 0 or not profile.in_use:
        text = f"load_profile {profile.name} has no rows, no clock or no capture period"
        raise Inconclusive(Reason.PRECONDITION, text)
    by_entry = BY_ENTRY in profile.selectors
    if not by_entry and profile.in_use > MOST_ROWS:
        text = f"load_profile {profile.name} is long and cannot be read by entries"
        raise Inconclusive(Reason.PRECONDITION, text)
    answer = profile.read(aa, entry_access(1, _STAMPS) if by_entry else None)
    rows = rows_in(answer) or []
    off = []
    examined = 0
    for row in rows:
        if len(row) <= profile.clock or row[profile.clock].type == DataType.NULL_DATA:
            continue  # another case judges the width; null-data: as the row before, later
        examined += 1
        if (late_s := _off_slot_s(row[profile.clock], profile.period_s)) > _SLOT_S:
            text = f"{row[profile.clock]}: {late_s} s off"
            off.append(deviation(answer, "on the slot", text))
    expected = f"multiples of {profile.period_s} s, to {_SLOT_S} s"
    verify.none_of("periodic", off, examined=examined, expected=expected, things="rows")


def _off_slot_s(cell: Data, period_s: int) -> int:
    """Return by how many seconds a time stamp misses its slot; a day if it is none."""
    stamp = stamp_of(cell)
    if stamp is None or stamp.time.hour is None:
        return _DAY_S
    time = stamp.time
    of_day = ((time.hour or 0) * 60 + (time.minute or 0)) * 60 + (time.second or 0)
    slot = min(period_s, _DAY_S)
    return min(of_day % slot, slot - of_day % slot)


def _judge_capture(verify: Checks, profile: Profile, aa: Association) -> None:
    done = aa.action(PROFILE, profile.name, CAPTURE, integer(0))
    if not judge_done(verify, "capture", done):
        return
    now_answer = aa.get(CLOCK_CLASS, CLOCK, 2)
    now = Shown.of(now_answer)
    in_use = aa.get(PROFILE, profile.name, IN_USE)
    if now is None or profile.clock is None or not isinstance(in_use.value, int):
        text = f"the time of the last row of {profile.name} cannot be told"
        raise Inconclusive(Reason.PRECONDITION, text)
    grown = in_use.value == min(profile.in_use + 1, profile.capacity)
    expected = f"one entry more than {profile.in_use}, up to {profile.capacity}"
    judge(verify, "captured", grown or in_use.value > profile.in_use, in_use, expected=expected)
    newest = profile.read(aa, entry_access(in_use.value, 0))
    stamps = [Shown.of(_cell(newest, row[profile.clock])) for row in rows_in(newest) or []]
    oldest = profile.read(aa, entry_access(1, 1))  # where the newest row comes first
    stamps += [Shown.of(_cell(oldest, row[profile.clock])) for row in rows_in(oldest) or []]
    within_s = _CAPTURED_WITHIN_S + done.last.response_s + now_answer.last.response_s
    near = [one for one in stamps if one and abs(one.after_s(now.utc)) <= within_s]
    judge(
        verify,
        "captured-now",
        bool(near),
        newest,
        expected=f"a row of {now.stamp}, to {within_s:.3g} s",
        observed=", ".join(str(one.stamp) for one in stamps if one) or str(newest),
    )


def _cell(answer: Answer, cell: Data) -> Answer:
    """Return one value of an answer as an answer of its own."""
    return Answer(answer.replies, result=0, data=cell)


@case(
    Case(
        id="DLMS-OBJ-22",
        version=1,
        interface="wan",
        title="Reset of a profile",
        purpose="Ensure that a profile that is reset has no rows.",
        stimulus="ACTION reset of the profile that is declared for it (reset_profile).",
        criterion="Success; entries_in_use is 0 and the buffer is empty.",
        kind=Kind.VALID,
        clauses=(_PROFILE,),
        ixit=("reset_profile",),
        effects=Effects.DESTRUCTIVE,
        detects=("wan.reset-ignored", "wan.reset-refused", "wan.reset-keeps-count"),
    )
)
def test_reset(meter: Meter, survey: Survey, verify: Checks) -> None:
    """Nothing is left."""
    profile = declared_profile(meter, survey, "reset_profile")
    with meter.associate("main") as aa:
        done = aa.action(PROFILE, profile.name, RESET, integer(0))
        if not judge_done(verify, "reset", done):
            return
        in_use = aa.get(PROFILE, profile.name, IN_USE)
        judge(verify, "no-entries", in_use.value == 0, in_use, expected="0 entries in use")
        buffer = profile.read(aa)
        judge(verify, "empty", rows_in(buffer) == [], buffer, expected="an empty array")
