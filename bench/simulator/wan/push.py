"""What the meter sends unasked: DataNotifications on schedule, or when a push script asks for one.

What is pushed is what the push setup lists (IEC 62056-5-3 cl. 6.14; IEC 62056-6-2, class 40).
"""

from dataclasses import dataclass

from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName
from bench.protocols.dlms.data_types import structure
from bench.protocols.dlms.notification import DataNotification, EventNotification
from bench.protocols.dlms.results import LongInvocation
from bench.simulator.cosem.communication import PushSetup
from bench.simulator.cosem.device import LogicalDevice
from bench.simulator.wan.options import PushPlan, WanOptions

PUSH_SETUP = LogicalName(0, 0, 25, 9, 0, 255)
_SECOND = 1_000_000_000
_INVOKE_IDS = 1 << 24


@dataclass(slots=True)
class _Scheduled:
    plan: PushPlan
    at: int | None


class Pushes:
    """The schedule of one device and the notifications that it makes."""

    def __init__(self, device: LogicalDevice, options: WanOptions) -> None:
        self._device = device
        self._breaks = options.breaks
        self._invoke_id = 0
        self._scheduled = [
            _Scheduled(plan, round(plan.start_s * _SECOND)) for plan in options.pushes
        ]
        setup = device.find(40, PUSH_SETUP)
        self._setup = setup if isinstance(setup, PushSetup) else None
        self._done = 0  # pushes that a script asked for and that are sent

    def next_event(self) -> int | None:
        """Return when the next notification is due, 0 for at once, None without any."""
        if self._scheduled and self._setup is not None and self._setup.asked > self._done:
            return 0
        due = [one.at for one in self._scheduled if one.at is not None]
        return min(due) if due else None

    def due(self, now: int) -> list[PushPlan]:
        """Return whom a notification is due to by `now`; those that were missed are not made up."""
        due = []
        for one in self._scheduled:
            if one.at is None or one.at > now:
                continue
            due.append(one.plan)
            period = round(one.plan.period_s * _SECOND)
            one.at = one.at + period * ((now - one.at) // period + 1) if period > 0 else None
        if self._setup is not None and self._setup.asked > self._done:
            self._done = self._setup.asked
            due = due or [one.plan for one in self._scheduled[:1]]
        return due

    def notification(self, now: int) -> bytes:
        """Return a DataNotification with what the push setup lists."""
        if "push-same-invoke-id" not in self._breaks:
            self._invoke_id = (self._invoke_id + 1) % _INVOKE_IDS
        moment = self._device.moment(now)
        body = structure() if self._setup is None else self._setup.values(moment)
        invocation = LongInvocation(self._invoke_id, confirmed=False, high_priority=False)
        return encode_apdu(DataNotification(invocation, b"", body))

    def event(self, class_id: int, name: LogicalName, attribute: int, now: int) -> bytes | None:
        """Return an EventNotification with an attribute, None if there is no such one."""
        found = self._device.find(class_id, name)
        if found is None or attribute not in found.attributes:
            return None
        value = found.value(attribute, self._device.moment(now))
        descriptor = AttributeDescriptor(class_id, name, attribute)
        return encode_apdu(EventNotification(None, descriptor, value))
