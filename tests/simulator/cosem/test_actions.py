"""Breaker, valve, limits, scripts, schedules, calendars, ports and push of the reference meter."""

import pytest

from bench.protocols.dlms.data_types import (
    DataType,
    array,
    double_long_unsigned,
    enum,
    integer,
    long_unsigned,
    octet_string,
    structure,
    unsigned,
)
from bench.protocols.dlms.date_time import DateTime
from bench.simulator.household import Contact

OTHER_REASON, TYPE_UNMATCHED, DENIED, UNDEFINED = 250, 12, 3, 4
GO = integer(0)
BREAKER = (70, "0-0:96.3.10")
HOUR = 3600 * 10**9


@pytest.mark.parametrize("mode", range(7))
def test_a_reconnection_follows_the_mode(meter, mode):
    assert meter.set(*BREAKER, 4, enum(mode)) == 0
    moved = meter.action(*BREAKER, 1, GO)
    assert moved == (0 if mode else OTHER_REASON)
    if not mode:
        assert meter.device.system.breaker is Contact.CONNECTED
        return
    assert (meter.get(*BREAKER, 2), meter.get(*BREAKER, 3)) == (False, 0)
    assert meter.action(*BREAKER, 2, GO) == 0
    state = Contact.CONNECTED if mode in (2, 4) else Contact.READY
    assert meter.device.system.breaker is state
    assert meter.get(*BREAKER, 2) is (state is Contact.CONNECTED)
    assert meter.action(*BREAKER, 2, GO) == 0
    assert meter.device.system.breaker is state


def test_nothing_flows_while_the_breaker_is_open(meter):
    meter.now = 10**9
    assert meter.get(3, "1-0:1.7.0") > 0
    assert meter.action(*BREAKER, 1, GO) == 0
    meter.now = 3 * 10**9
    energy = meter.get(3, "1-0:1.8.0")
    assert meter.get(3, "1-0:1.7.0") == meter.get(3, "1-0:31.7.0") == 0
    meter.now = HOUR
    assert meter.get(3, "1-0:1.8.0") == energy
    assert meter.get(7, "1-0:99.1.0")[-1][4] == 0
    assert meter.action(*BREAKER, 2, GO) == 0
    meter.now += 2 * 10**9
    assert meter.get(3, "1-0:9.7.0") + meter.get(3, "1-0:10.7.0") > 0


def test_a_mode_that_is_none_is_refused(meter):
    assert meter.set(*BREAKER, 4, enum(7)) == TYPE_UNMATCHED
    assert meter.set(*BREAKER, 3, enum(1)) == DENIED


def test_the_limit_is_the_one_that_p1_shows(meter):
    limiter = (71, "0-0:17.0.0")
    assert meter.get(*limiter, 4) == 999_000
    assert meter.set(*limiter, 4, double_long_unsigned(7_300)) == 0
    assert meter.device.system.at(0).limiter_kw * 1000 == 7_300
    assert meter.get(*limiter, 3) == 7_300
    assert meter.set(*limiter, 4, double_long_unsigned(999_000)) == 0
    assert meter.device.system.at(0).limiter_kw is None


def test_thresholds_have_one_type(meter):
    monitor = (21, "0-0:16.1.0")
    assert meter.set(*monitor, 2, array(double_long_unsigned(1), double_long_unsigned(2))) == 0
    assert meter.set(*monitor, 2, array(long_unsigned(1))) == TYPE_UNMATCHED
    assert meter.get(*monitor, 2) == (1, 2)


def plan(hour: int, minute: int, date: bytes = b"\xff\xff\xff\xff\xff"):
    time = octet_string(bytes((hour, minute, 0, 0)))
    return array(structure(time, octet_string(date)))


def test_a_schedule_runs_its_script_when_it_is_time(meter):
    schedule = (22, "0-0:15.0.1")
    assert meter.device.next_event(0) is None
    assert meter.set(*schedule, 4, plan(11, 0)) == 0  # 10:00 UTC; the start is 09:07:13
    due = meter.device.next_event(0)
    assert due == HOUR - (7 * 60 + 13) * 10**9
    meter.device.advance(due - 1)
    assert meter.device.system.breaker is Contact.CONNECTED
    meter.device.advance(due)
    assert meter.device.system.breaker is Contact.DISCONNECTED
    assert meter.device.next_event(due) == due + 24 * HOUR


def test_a_schedule_may_be_for_one_day_or_for_none(meter):
    schedule = (22, "0-0:15.0.1")
    assert meter.set(*schedule, 4, plan(0, 30, b"\x07\xea\x01\xfe\xff")) == 0  # the last of January
    due = meter.device.next_event(0)
    local = meter.device.system.local(meter.device.system.unix_s(due))[0]
    assert (local.month, local.day, local.hour, local.minute) == (1, 31, 0, 30)
    assert meter.set(*schedule, 4, plan(0, 30, b"\x07\xe0\x01\x01\xff")) == 0  # long ago
    assert meter.device.next_event(0) is None
    assert meter.set(*schedule, 4, plan(25, 0)) == OTHER_REASON
    assert meter.set(*schedule, 4, array()) == 0


def test_special_days_are_inserted_replaced_and_deleted(meter):
    special = (11, "0-0:11.0.0")
    first = structure(long_unsigned(3), octet_string(b"\x07\xea\x04\x1b\xff"), unsigned(2))
    assert meter.action(*special, 1, first) == 0
    assert [row[0] for row in meter.get(*special)] == [1, 3]
    other = structure(long_unsigned(3), octet_string(b"\x07\xea\x05\x05\xff"), unsigned(1))
    assert meter.action(*special, 1, other) == 0
    assert meter.get(*special)[1] == (3, b"\x07\xea\x05\x05\xff", 1)
    assert meter.action(*special, 2, long_unsigned(3)) == 0
    assert meter.action(*special, 2, long_unsigned(3)) == OTHER_REASON
    assert meter.action(*special, 1, long_unsigned(3)) == TYPE_UNMATCHED
    assert meter.set(*special, 2, array(first)) == 0
    assert [row[0] for row in meter.get(*special)] == [3]


def test_the_calendar_tells_the_tariffs_of_the_household(make):
    for preset, hours in (("nl", (0, 7, 23)), ("be", (0, 7, 22)), ("lu", (0,))):
        meter = make(preset=preset)
        working_day = meter.get(20, "0-0:13.0.0", 5)[0]
        assert tuple(action[0][0] for action in working_day[1]) == hours
        tariff = meter.device.system.at(0).tariff
        assert meter.get(6, "0-0:14.0.0", 4) == b"%d" % tariff
        assert meter.get(1, "0-0:96.14.0") == tariff


def test_the_passive_calendar_becomes_the_active_one(meter):
    calendar = (20, "0-0:13.0.0")
    assert meter.set(*calendar, 6, octet_string(b"NEXT")) == 0
    assert meter.get(*calendar, 2) == b"BASE01"
    assert meter.set(*calendar, 2, octet_string(b"NEXT")) == DENIED
    assert meter.action(*calendar, 1, GO) == 0
    assert meter.get(*calendar, 2) == b"NEXT"


def test_hdlc_parameters_have_their_ranges(meter):
    hdlc = (23, "0-0:22.0.0")
    assert meter.set(*hdlc, 3, unsigned(8)) == OTHER_REASON
    assert meter.set(*hdlc, 3, unsigned(7)) == 0
    assert meter.set(*hdlc, 5, long_unsigned(31)) == OTHER_REASON
    assert meter.set(*hdlc, 5, long_unsigned(2030)) == 0
    assert meter.set(*hdlc, 2, enum(10)) == TYPE_UNMATCHED
    assert meter.get(*hdlc, 5) == 2030


def test_the_push_list_says_what_is_pushed(meter):
    push = meter.device.find(40, "0-0:25.9.0")
    values = push.values(meter.device.moment(0)).to_python()
    energy = meter.get(3, "1-0:1.8.0")
    assert values == (meter.get(1, "0-0:42.0.0"), meter.get(8, "0-0:1.0.0"), energy)
    assert meter.action(40, "0-0:25.9.0", 1, GO) == 0
    assert push.asked == 1


def test_a_sub_meter_is_told_of(meter):
    client = (72, "0-1:24.1.0")
    serial = meter.device.system.household.submeters[0].serial
    assert f"{meter.get(*client, 6):08X}" == serial[-8:]
    assert meter.get(*client, 9) == 3
    assert meter.get(1, "0-1:96.1.0") == serial.encode()
    assert meter.get(4, "0-1:24.2.1", 3) == (-3, 13)
    rows = meter.get(7, "0-1:24.3.0")
    assert DateTime.of(rows[-1][0]).utc() == DateTime.of(rows[-1][3]).utc()
    assert rows[-1][2] <= meter.get(4, "0-1:24.2.1")


def test_a_sub_meter_that_was_never_read_shows_nothing(make):
    meter = make(preset="nl-four-submeters")
    for channel, scaler_unit in ((1, (-3, 13)), (2, (-3, 13)), (3, (6, 25)), (4, (0, 30))):
        assert meter.get(4, f"0-{channel}:24.2.1", 3) == scaler_unit
    sub = meter.device.system.household.submeters[0]
    meter.device.system.at(0)
    registers = meter.device.system._now
    registers.captures = {key: one for key, one in registers.captures.items() if key[0] != 1}
    assert meter.get(4, "0-1:24.2.1") == 0
    assert DateTime.of(meter.get(4, "0-1:24.2.1", 5)).utc() is None
    assert sub.channel == 1


def test_energy_cannot_be_reset(meter):
    assert meter.action(3, "1-0:1.8.0", 1, GO) == DENIED
    assert meter.set(3, "1-0:1.8.0", 2, double_long_unsigned(0)) == DENIED


@pytest.mark.parametrize(
    ("rule", "class_id", "name"),
    [("ldn-missing", 1, "0-0:42.0.0"), ("removed-object", 3, "1-0:2.8.0")],
)
def test_a_meter_may_lack_an_object(make, rule, class_id, name):
    meter = make(rule)
    assert meter.device.find(class_id, name) is None
    assert len(meter.device.objects) == len(make().device.objects) - 1


def test_a_firmware_that_adds_may_break_what_was_there(make):
    meter = make("additions-break")
    assert meter.device.find(1, "0-0:96.1.7") is not None
    assert meter.raw(3, "1-0:1.8.0").type == DataType.LONG64_UNSIGNED


def test_broken_registers_differ(make):
    assert make("unit-0").get(3, "1-0:1.8.0", 3) == (0, 0)
    assert make("scaler-missing").get(3, "1-0:1.8.0", 3) == (30,)
    assert make("ln-mismatch").get(3, "1-0:1.8.0", 1) == bytes((1, 0, 1, 8, 0, 0))
    assert make("ln-mismatch").get(1, "0-0:42.0.0", 1) == bytes((0, 0, 42, 0, 0, 255))
