"""Area C8: registers, extended registers and demand registers (IEC 62056-6-2 §4.3)."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level
from bench.engine.checks import Checks
from bench.protocols.dlms.data_types import Data, DataType
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.model import CLOCK, CLOCK_CLASS, deviation
from suites.wan_dlms.stamps import Shown, is_open, stamp_of, stamp_problem
from suites.wan_dlms.survey import ListedObject, Survey
from suites.wan_dlms.units import SCALERS, plausible, unit_name

_REGISTER = "IEC-62056-6-2:4.3.2"
_EXTENDED = "IEC-62056-6-2:4.3.3"
_DEMAND = "IEC-62056-6-2:4.3.4"
_DATE_TIME = "IEC-62056-6-2:4.1.6"
_SCALER_UNIT = {3: 3, 4: 3, 5: 4}  # attribute of scaler_unit by class
_VALUES = {3: (2,), 4: (2,), 5: (2, 3)}
_CAPTURED = {4: (5,), 5: (6, 7)}
_PERIOD, _PERIODS = 8, 9
_TOLERANCE_S = 10  # how far a capture may seem to lie in the future, to round and to be slow
_NUMBERS = frozenset(
    {
        DataType.DOUBLE_LONG,
        DataType.DOUBLE_LONG_UNSIGNED,
        DataType.BCD,
        DataType.INTEGER,
        DataType.LONG,
        DataType.UNSIGNED,
        DataType.LONG_UNSIGNED,
        DataType.LONG64,
        DataType.LONG64_UNSIGNED,
        DataType.FLOAT32,
        DataType.FLOAT64,
    }
)


@dataclass(frozen=True, slots=True)
class Scaled:
    """A register with what its scaler_unit says; `scaler` None where it cannot be read."""

    register: ListedObject
    answer: Answer
    scaler: int | None = None
    unit: int = 0


def _scaled(survey: Survey) -> Iterator[Scaled]:
    for class_id, attribute in _SCALER_UNIT.items():
        for one in survey.find(class_id):
            answer = survey.answer(class_id, one.name, attribute)
            if answer is None:
                continue
            found = _scaler_unit(answer.data)
            yield Scaled(one, answer, *found) if found else Scaled(one, answer)


def _scaler_unit(found: Data | None) -> tuple[int, int] | None:
    if found is None or found.type != DataType.STRUCTURE or len(found.value) != 2:
        return None
    scaler, unit = found.value
    if (scaler.type, unit.type) != (DataType.INTEGER, DataType.ENUM):
        return None
    return scaler.value, unit.value


@case(
    Case(
        id="DLMS-OBJ-15",
        version=1,
        interface="wan",
        title="Scaler and unit of registers",
        purpose="Ensure that every client reads the same quantity in a register.",
        stimulus="GET of value and scaler_unit of all registers (classes 3, 4, 5).",
        criterion="Scaler an integer from -12 to 12, unit an enum of the table of units; values "
        "of classes 3 and 5 are numbers; no value is greater than any meter shows.",
        kind=Kind.VALID,
        clauses=(_REGISTER,),
        detects=("wan.scaler-missing", "wan.unit-0", "wan.scaler-absurd"),
    )
)
def test_scaler_and_unit(survey: Survey, verify: Checks) -> None:
    """A number, a power of ten and a unit."""
    scaled = list(_scaled(survey))
    sound = [one for one in scaled if one.scaler is not None]
    malformed = [
        deviation(one.answer, f"{one.register}: scaler and unit", str(one.answer))
        for one in scaled
        if one.scaler is None
    ]
    expected = "a structure of integer and enum"
    verify.none_of("form", malformed, examined=len(scaled), expected=expected, things="registers")
    far = [
        deviation(one.answer, f"{one.register}: -12 to 12", f"scaler {one.scaler}")
        for one in sound
        if one.scaler not in SCALERS
    ]
    verify.none_of(
        "scaler",
        far,
        examined=len(sound),
        expected="a scaler from -12 to 12",
        things="registers",
        level=Level.SHOULD,
    )
    unknown = [
        deviation(one.answer, f"{one.register}: a unit of the table", f"unit {one.unit}")
        for one in sound
        if not unit_name(one.unit)
    ]
    expected = "a unit of the table"
    verify.none_of("unit", unknown, examined=len(sound), expected=expected, things="registers")
    _judge_values(survey, verify, sound)


def _judge_values(survey: Survey, verify: Checks, sound: list[Scaled]) -> None:
    texts: list[Deviation] = []
    absurd: list[Deviation] = []
    examined = numbers = 0
    for one in sound:
        class_id, name = one.register.class_id, one.register.name
        for attribute in _VALUES[class_id]:
            answer = survey.answer(class_id, name, attribute)
            if answer is None or answer.data is None:
                continue
            found = answer.data
            if class_id != 4:
                examined += 1
                if found.type not in _NUMBERS:
                    texts.append(deviation(answer, f"{one.register}: a number", str(found)))
            if found.type in _NUMBERS:
                numbers += 1
                assert one.scaler is not None
                if not plausible(found.value, one.scaler, one.unit):
                    shown = f"{found.value} x 10^{one.scaler} {unit_name(one.unit)}"
                    absurd.append(deviation(answer, f"{one.register}: what can be", shown))
    verify.none_of("number", texts, examined=examined, expected="a number", things="values")
    expected = "what a meter can measure"
    verify.none_of("plausible", absurd, examined=numbers, expected=expected, things="values")


@case(
    Case(
        id="DLMS-OBJ-16",
        version=1,
        interface="wan",
        title="Capture times of extended and demand registers",
        purpose="Ensure that a value that has a time has one that can be used.",
        stimulus="GET of capture_time of extended registers (class 4), of capture_time, "
        "start_time_current, period and number_of_periods of demand registers (class 5).",
        criterion="Date-times that a calendar has, none after the time of the clock; a period of "
        "at least one second, one period or more.",
        kind=Kind.VALID,
        clauses=(_EXTENDED, _DEMAND, _DATE_TIME),
        detects=("wan.capture-time-garbage", "wan.capture-time-ahead", "wan.demand-period-0"),
    )
)
def test_capture_times(survey: Survey, verify: Checks) -> None:
    """A capture has happened, at a time that there is."""
    clock = survey.answer(CLOCK_CLASS, CLOCK, 2)
    now = None if clock is None else Shown.of(clock)
    wrong: list[Deviation] = []
    ahead: list[Deviation] = []
    examined = dated = 0
    for class_id, attributes in _CAPTURED.items():
        for one in survey.find(class_id):
            for attribute in attributes:
                answer = survey.answer(class_id, one.name, attribute)
                if answer is None or not answer.ok:
                    continue
                examined += 1
                what = f"{one} attribute {attribute}"
                if problem := stamp_problem(answer.data):
                    wrong.append(deviation(answer, f"{what}: a date-time", problem))
                    continue
                found = stamp_of(answer.data)
                shown = Shown.of(answer)
                if found is None or is_open(found) or shown is None or now is None:
                    continue
                dated += 1
                by_now = now.later(shown.at_ns)
                if shown.after_s(by_now) > _TOLERANCE_S:
                    text = f"{found}, when the clock shows {by_now:%Y-%m-%d %H:%M:%S} UTC"
                    ahead.append(deviation(answer, f"{what}: in the past", text))
    if not examined:
        verify.note("none", "no register has a capture time that may be read")
        return
    expected = "a date-time of 12 octets"
    verify.none_of("date-time", wrong, examined=examined, expected=expected, things="times")
    if dated:
        verify.none_of("past", ahead, examined=dated, expected="a time that was", things="times")
    _judge_periods(survey, verify)


def _judge_periods(survey: Survey, verify: Checks) -> None:
    wrong: list[Deviation] = []
    examined = 0
    for one in survey.find(5):
        for attribute in (_PERIOD, _PERIODS):
            answer = survey.answer(5, one.name, attribute)
            if answer is None or not answer.ok:
                continue
            examined += 1
            if not isinstance(answer.value, int) or answer.value < 1:
                what = f"{one} attribute {attribute}: 1 or more"
                wrong.append(deviation(answer, what, str(answer)))
    if examined:
        expected = "a period and a number of periods of 1 or more"
        verify.none_of(
            "period", wrong, examined=examined, expected=expected, things="values", clause=_DEMAND
        )
