"""What the meter does by itself: notifications on time, and falling over if told to."""

from dataclasses import replace
from typing import Any

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.ciphered import GeneralGloCiphering
from bench.protocols.dlms.data_types import enum, integer
from bench.protocols.dlms.notification import DataNotification, EventNotification
from bench.simulator.cosem.object import CosemObject
from bench.simulator.wan.keys import server_title, wan_secret
from bench.simulator.wan.options import PushPlan

SECOND = 1_000_000_000
PLAN = PushPlan("suite0", 60.0, 300.0)
NAME = bytes.fromhex("C001C1000100002A0000FF0200")


def test_nothing_is_due_without_a_plan(meter: Any) -> None:
    assert meter.application.next_event() is None
    assert meter.application.advance(10**15) == []


def test_notifications_come_on_schedule_and_are_counted(make_meter: Any) -> None:
    meter = make_meter(pushes=(PLAN,))
    application = meter.application
    assert application.next_event() == 60 * SECOND
    assert application.advance(60 * SECOND) == []  # nobody is there
    client = meter.client("suite0").open_association()
    ids = []
    for at in (360, 660, 960):
        assert application.next_event() == at * SECOND
        assert application.advance(at * SECOND - 1) == []
        (push,) = application.advance(at * SECOND)
        assert (push.client_sap, push.server_sap) == (1, 1)
        assert isinstance(decode_apdu(push.apdu).value, GeneralGloCiphering)
        notification = decode_apdu(client.open(push.apdu)).value
        assert isinstance(notification, DataNotification)
        ids.append(notification.invocation.invoke_id)
        assert notification.body.value[0].value == b"MBX6000000000026"
    assert ids == [1, 2, 3]


def test_missed_notifications_are_not_made_up(make_meter: Any) -> None:
    meter = make_meter(pushes=(replace(PLAN, client="lls"),))
    meter.client("lls").open_association()
    assert len(meter.application.advance(1000 * SECOND)) == 1
    assert meter.application.next_event() == 1260 * SECOND


def test_a_notification_can_go_once_to_whoever_listens(make_meter: Any) -> None:
    meter = make_meter(pushes=(PushPlan("public", 5.0, 0.0, always=True, event=True),))
    (push,) = meter.application.advance(5 * SECOND)
    event = decode_apdu(push.apdu).value
    assert isinstance(event, EventNotification)
    assert event.attribute.class_id == 8
    assert meter.application.next_event() is None


def test_a_push_is_sent_when_it_is_asked_for(make_meter: Any) -> None:
    meter = make_meter(pushes=(PLAN,))
    client = meter.client("suite0").open_association()
    assert client.act(40, "0-0:25.9.0", 1, integer(0)).result == 0
    assert meter.application.next_event() == 0
    assert len(meter.application.advance(SECOND)) == 1
    assert meter.application.next_event() == 60 * SECOND


def test_a_meter_that_falls_over_is_gone_for_a_while(make_meter: Any) -> None:
    meter = make_meter("tag-crash")
    fallen: list[int] = []
    meter.application.on_crash = fallen.append
    client = meter.client("lls").open_association()
    assert client.raw(b"\x04") is None
    assert fallen == [0]
    assert meter.client("public").raw(NAME) is None
    client.now = 31 * SECOND
    assert client.raw(NAME) == bytes.fromhex("D80101")


def test_objects_can_be_altered_before_the_meter_starts(make_meter: Any) -> None:
    from bench.simulator.metering_system import MeteringSystem
    from bench.simulator.wan.application import Application

    class Stages:
        def altered(self, stage: str, value: list[CosemObject], index: int = 0) -> Any:
            assert stage == "objects"
            return [one for one in value if one.class_id != 17]

    system = MeteringSystem(1, make_meter().application.system.start)
    assert Application(system, None, Stages()).device.find(17, "0-0:41.0.0") is None


def test_secrets_are_those_of_the_seed() -> None:
    names = ["lls_password", "hls6_secret", "suite2_master", "client_signing_p384"]
    assert [len(wan_secret(1, name)) for name in names] == [12, 32, 32, 48]
    assert wan_secret(1, "suite0_encryption") != wan_secret(2, "suite0_encryption")
    assert (
        len({wan_secret(3, f"suite{n}_{k}") for n in (0, 1) for k in ("master", "broadcast")}) == 4
    )
    assert server_title(1)[:3] == b"MBX"
    with pytest.raises(UsageError, match="no secret called 'suite3_master'"):
        wan_secret(1, "suite3_master")


def test_the_broadcast_association_is_always_there(meter: Any) -> None:
    client = meter.client("suite0").open_association()
    assert client.get(15, "0-0:40.0.10", 8) == enum(2)
    assert client.get(15, "0-0:40.0.1", 8) == enum(0)
