"""What of the clock's time can be judged, and what nobody says."""

from types import SimpleNamespace

import pytest

from bench.core.case import Case, Kind
from bench.core.check import Outcome, Place
from bench.engine.checks import Checks
from bench.protocols.dlms.data_types import Data, DataType
from bench.protocols.dlms.date_time import DateTime
from suites.wan_dlms.test_objects_clock import _judge_zone

CASE = Case(
    id="DLMS-OBJ-00",
    version=1,
    interface="wan",
    title="t",
    purpose="p",
    stimulus="s",
    criterion="c",
    kind=Kind.VALID,
    clauses=("IEC-62056-6-2:4.5.1",),
)
MAY = bytes.fromhex("07E80501030C000000")
WINTER, SUMMER, OPEN = "00", "80", "FF"


class Clock:
    """A survey of a clock with time zone -60 min, and 60 min of summer time."""

    def data(self, _class, _name, attribute):
        return {3: Data(DataType.LONG, -60), 7: Data(DataType.INTEGER, 60)}.get(attribute)


@pytest.mark.parametrize(
    ("deviation", "status", "outcomes"),
    [
        (-60, WINTER, {Outcome.MET}),
        (-120, SUMMER, {Outcome.MET}),
        (-120, WINTER, {Outcome.MISSED, Outcome.MET}),
        (-120, OPEN, set()),
        (-60, OPEN, set()),
    ],
)
def test_the_deviation_is_judged_where_the_season_is_told(deviation, status, outcomes):
    octets = MAY + deviation.to_bytes(2, "big", signed=True) + bytes.fromhex(status)
    verify = Checks(CASE)
    _judge_zone(
        Clock(), verify, SimpleNamespace(place=lambda _offset: Place(1)), DateTime.of(octets)
    )
    assert {check.outcome for check in verify.made} == outcomes
