"""What a meter sends unasked: DataNotification and EventNotification (IEC 62056-5-3)."""

from dataclasses import dataclass

from bench.protocols.dlms.access import DATE_TIME_OR_NONE
from bench.protocols.dlms.axdr import Octets, Optional, Record
from bench.protocols.dlms.cosem_types import ATTRIBUTE, AttributeDescriptor
from bench.protocols.dlms.data import DATA
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.results import LONG_INVOCATION, LongInvocation
from bench.protocols.dlms.service import Service


@dataclass(frozen=True, slots=True)
class DataNotification:
    """Pushed data; `date_time` is twelve octets, or none."""

    invocation: LongInvocation
    date_time: bytes
    body: Data


@dataclass(frozen=True, slots=True)
class EventNotification:
    """The value of an attribute that changed; `time` is twelve octets, or None."""

    time: bytes | None
    attribute: AttributeDescriptor
    value: Data


DATA_NOTIFICATION = Service(
    0x0F,
    "data-notification",
    DataNotification,
    Record(DataNotification, invocation=LONG_INVOCATION, date_time=DATE_TIME_OR_NONE, body=DATA),
)
EVENT_NOTIFICATION = Service(
    0xC2,
    "event-notification-request",
    EventNotification,
    Record(EventNotification, time=Optional(Octets(12)), attribute=ATTRIBUTE, value=DATA),
)
