"""Deviations of the clock: DLMS-OBJ-11 to 13."""

from bench.protocols.dlms.data_types import Data, double_long_unsigned, octet_string
from bench.protocols.dlms.results import DataAccessResult
from bench.simulator.cosem.object import Attribute, CosemObject
from bench.simulator.cosem.truth import Moment
from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.wan_edit import wan_fault, wan_variation
from bench.simulator.faults.wan_objects_edit import each, ignored, never, octets_at, shows, takes

_CLOCK = "IEC-62056-6-2:4.5.1"
_DATE_TIME = "IEC-62056-6-2:4.1.6"
_TIME = "0-0:1.0.0"
_DEVIATION, _STATUS = slice(9, 11), 11
_SUMMER = 0x80
_LOST_NS = (4_000_000_000, 7_000_000_000)
_NO_TIME = bytes.fromhex("FFFFFFFFFFFFFFFF FF8000FF")


def _deviation(data: Data, minutes: int) -> Data:
    return octets_at(data, _DEVIATION, minutes.to_bytes(2, "big", signed=True))


def _next_day_of_week(data: Data) -> Data:
    return octets_at(data, slice(4, 5), bytes((data.value[4] % 7 + 1,)))


def _as_local(before: Attribute, moment: Moment, data: Data) -> DataAccessResult:
    """Take every time as local, whatever its deviation says."""
    assert before.write is not None
    if data.type != before.read(moment).type:
        return before.write(moment, data)
    return before.write(moment, octets_at(data, slice(9, 12), b"\x80\x00\xff"))


def _as_utc(before: Attribute, moment: Moment, data: Data) -> DataAccessResult:
    """Take a time without deviation as one of UTC."""
    assert before.write is not None
    is_open = data.value[_DEVIATION] == b"\x80\x00"
    return before.write(moment, _deviation(data, 0) if is_open else data)


def _half_done(before: Attribute, moment: Moment, data: Data) -> DataAccessResult:
    """Refuse a time that no calendar has, and set the clock to midnight."""
    assert before.write is not None
    result = before.write(moment, data)
    if result is DataAccessResult.OTHER_REASON:
        now = before.read(moment)
        before.write(moment, octets_at(now, slice(5, 8), bytes(3)))
    return result


def _wrong_utc(before: Attribute, moment: Moment, data: Data) -> DataAccessResult:
    """Refuse a time in another zone than the own."""
    assert before.write is not None
    if data.value[_DEVIATION] == b"\x00\x00":
        return DataAccessResult.OTHER_REASON
    return before.write(moment, data)


def _specified_only(before: Attribute, moment: Moment, data: Data) -> DataAccessResult:
    """Refuse a time of which anything but the hundredths is open."""
    assert before.write is not None
    if data.value[_DEVIATION] == b"\x80\x00":
        return DataAccessResult.TYPE_UNMATCHED
    return before.write(moment, data)


def _type_unmatched(before: Attribute, moment: Moment, data: Data) -> DataAccessResult:
    """Refuse what no calendar has as data of a wrong type."""
    assert before.write is not None
    result = before.write(moment, data)
    refused = result is DataAccessResult.OTHER_REASON
    return DataAccessResult.TYPE_UNMATCHED if refused else result


def _lost_for_a_while(one: CosemObject) -> None:
    """Show no time from 4 s to 7 s after it was set."""
    attribute = one.attributes[2]
    read, before, set_at = attribute.read, attribute.write, [-_LOST_NS[1]]
    assert before is not None

    def write(moment: Moment, data: Data) -> DataAccessResult:
        set_at[:] = [moment.now]
        return before(moment, data)

    def show(moment: Moment) -> Data:
        lost = _LOST_NS[0] <= moment.now - set_at[0] < _LOST_NS[1]
        return octet_string(_NO_TIME) if lost else read(moment)

    attribute.write, attribute.read = write, show


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "clock-format",
        "shows its time without clock status, in 11 octets",
        _DATE_TIME,
        ("DLMS-OBJ-11:length",),
        also=(
            "DLMS-OBJ-12:*",  # a time that cannot be read cannot be set back
            "DLMS-OBJ-13:*",
            "DLMS-OBJ-14:*",
        ),
    ),
    wan_fault(
        "clock-day-of-week",
        "shows the day of the week of tomorrow",
        _DATE_TIME,
        ("DLMS-OBJ-11:valid",),
        shows(8, _TIME, 2, _next_day_of_week),
    ),
    wan_fault(
        "clock-without-hour",
        "shows its time without the hour",
        _DATE_TIME,
        ("DLMS-OBJ-11:specified",),
        shows(8, _TIME, 2, lambda data: octets_at(data, slice(5, 6), b"\xff")),
    ),
    wan_fault(
        "clock-deviation-lie",
        "shows another deviation than that of its time zone",
        _CLOCK,
        ("DLMS-OBJ-11:deviation",),
        shows(8, _TIME, 2, lambda data: _deviation(data, -300)),
        also=(
            "DLMS-OBJ-12:*",
            "DLMS-OBJ-13:*",
            "DLMS-OBJ-14:*",
            "DLMS-OBJ-16:past",
            "DLMS-OBJ-21:captured-now",
        ),  # shows another instant
    ),
    wan_fault(
        "clock-zone-turned",
        "shows its time zone with another sign than the deviation",
        _CLOCK,
        ("DLMS-OBJ-11:deviation-sign",),
        shows(8, _TIME, 3, lambda data: Data(data.type, -data.value)),
    ),
    wan_fault(
        "clock-status-lie",
        "says in its status attribute that it is summer, and not in its time",
        _CLOCK,
        ("DLMS-OBJ-11:status",),
        shows(8, _TIME, 4, lambda data: Data(data.type, data.value ^ _SUMMER)),
    ),
    wan_fault(
        "clock-missing",
        "hides the time of its clock",
        _CLOCK,
        ("DLMS-OBJ-11:present",),
        shows(8, _TIME, 2, lambda _: double_long_unsigned(0)),
        also=(
            "DLMS-OBJ-07:types",  # it is a wrong type
            "DLMS-OBJ-17:types",  # and another than in the rows
            "DLMS-OBJ-12:*",
            "DLMS-OBJ-13:*",
            "DLMS-OBJ-14:*",
        ),
    ),
    wan_fault(
        "clock-drift",
        "lets its clock run faster by three in ten",
        _CLOCK,
        ("DLMS-OBJ-12:drift",),
        also=("DLMS-OBJ-13:*", "DLMS-OBJ-14:*"),  # it is wrong by seconds, there too
    ),
    wan_fault(
        "clock-set-ignored",
        "says that the clock was set, and leaves it",
        _CLOCK,
        ("DLMS-OBJ-12:set-within",),
        takes(8, _TIME, 2, ignored),
        also=("DLMS-OBJ-13:*", "DLMS-OBJ-14:*"),  # garbage is not refused, summer never comes
    ),
    wan_fault(
        "clock-set-refused",
        "lets nobody set its clock, and declares otherwise",
        _CLOCK,
        ("DLMS-OBJ-12:set",),
        takes(8, _TIME, 2, never),
        also=("DLMS-OBJ-13:*", "DLMS-OBJ-14:*"),
    ),
    wan_fault(
        "clock-goes-back",
        "shows every other minute the seconds backwards",
        _CLOCK,
        ("DLMS-OBJ-12:monotonic",),
        shows(8, _TIME, 2, lambda data: octets_at(data, slice(7, 8), bytes((59 - data.value[7],)))),
        also=(
            "DLMS-OBJ-12:*",
            "DLMS-OBJ-13:*",
            "DLMS-OBJ-14:*",
            "DLMS-OBJ-21:captured-now",
        ),  # shows another instant
    ),
    wan_fault(
        "clock-lost-when-set",
        "shows no time from 4 s to 7 s after it was set",
        _CLOCK,
        ("DLMS-OBJ-12:readable",),
        each(8, _lost_for_a_while, _TIME),
    ),
    wan_fault(
        "clock-accepts-garbage",
        "sets its clock to the day before 31 February",
        _CLOCK,
        (
            "DLMS-OBJ-13:february-31-refused",
            "DLMS-OBJ-13:hour-25-refused",
            "DLMS-OBJ-13:minute-60-refused",
            "DLMS-OBJ-13:month-13-refused",
        ),
        also=("DLMS-OBJ-13:*",),
    ),
    wan_fault(
        "clock-moved-by-garbage",
        "refuses a time that no calendar has, and goes to midnight",
        _CLOCK,
        (
            "DLMS-OBJ-13:february-31-unchanged",
            "DLMS-OBJ-13:hour-25-unchanged",
            "DLMS-OBJ-13:minute-60-unchanged",
            "DLMS-OBJ-13:month-13-unchanged",
        ),
        takes(8, _TIME, 2, _half_done),
    ),
    wan_fault(
        "clock-deviation-ignored",
        "takes every time as local time",
        _CLOCK,
        ("DLMS-OBJ-13:in-utc-right",),
        takes(8, _TIME, 2, _as_local),
        also=("DLMS-OBJ-14:*",),
    ),
    wan_fault(
        "clock-utc-refused",
        "refuses a time in another zone than its own",
        _CLOCK,
        ("DLMS-OBJ-13:in-utc",),
        takes(8, _TIME, 2, _wrong_utc),
    ),
    wan_fault(
        "clock-open-is-utc",
        "takes a time without deviation as one of UTC",
        _CLOCK,
        ("DLMS-OBJ-13:local-right",),
        takes(8, _TIME, 2, _as_utc),
    ),
    wan_fault(
        "clock-open-refused",
        "refuses a time whose deviation is not specified",
        _CLOCK,
        ("DLMS-OBJ-13:local",),
        takes(8, _TIME, 2, _specified_only),
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "clock-day-open",
        "leaves the day of the week and the hundredths of its clock open",
        _DATE_TIME,
        shows(8, _TIME, 2, lambda data: octets_at(data, slice(4, 5), b"\xff")),
    ),
    wan_variation(
        "clock-hundredths",
        "shows hundredths of seconds",
        _DATE_TIME,
        shows(8, _TIME, 2, lambda data: octets_at(data, slice(8, 9), b"\x00")),
    ),
    wan_variation(
        "clock-refuses-by-type",
        "refuses what no calendar has as data of a wrong type",
        _CLOCK,
        takes(8, _TIME, 2, _type_unmatched),
    ),
)
