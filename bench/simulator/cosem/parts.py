"""What several objects of one meter share: its past, its logs, its firmware, its counters."""

from dataclasses import dataclass, field

from bench.protocols.dlms.cosem_types import LogicalName
from bench.simulator.cosem.image import Image
from bench.simulator.cosem.image_transfer import ImageLimits
from bench.simulator.cosem.journal import Event, EventLog, FailureLog, watch
from bench.simulator.cosem.past import Past
from bench.simulator.cosem.truth import Moment, Truth
from bench.simulator.household import Contact

LOAD_PROFILE_STATUS = LogicalName(0, 0, 96, 10, 1, 255)
DAILY_PROFILE_STATUS = LogicalName(0, 0, 96, 10, 2, 255)
TARIFF_SCRIPTS = LogicalName(0, 0, 10, 0, 100, 255)
DISCONNECT_SCRIPTS = LogicalName(0, 0, 10, 0, 106, 255)
IMAGE_SCRIPTS = LogicalName(0, 0, 10, 0, 107, 255)
PUSH_SCRIPTS = LogicalName(0, 0, 10, 0, 108, 255)
BILLING_SCRIPTS = LogicalName(0, 0, 10, 0, 1, 255)
IMAGE_TRANSFER = LogicalName(0, 0, 44, 0, 0, 255)
DISCONNECT = LogicalName(0, 0, 96, 3, 10, 255)
MBUS_PORT = LogicalName(0, 0, 24, 6, 0, 255)
_FIRST_FIRMWARE = b"MBX-01.00"


@dataclass(slots=True)
class Parts:
    """The shared parts; `scripts_run` counts the scripts that ran to their end."""

    truth: Truth
    past: Past
    limits: ImageLimits
    firmware: bytes = _FIRST_FIRMWARE
    signature: bytes = b"\x00\x00\x00\x00"
    scripts_run: int = 0
    events: EventLog = field(init=False)
    disconnections: EventLog = field(init=False)
    failures: FailureLog = field(init=False)

    def __post_init__(self) -> None:
        self.events = EventLog("0-0:99.98.0", self.truth, "0-0:96.11.0", 64)
        self.disconnections = EventLog("0-0:99.98.3", self.truth, "0-0:96.11.3", 32)
        self.failures = FailureLog("1-0:99.97.0", self.truth, "0-0:96.7.19")
        watch(self.events, self.truth)
        for one in sorted(self.truth.system.failures, key=lambda failure: failure.ended):
            ended_s = int(one.ended.timestamp())
            self.events.note_at(ended_s - one.duration_s, Event.POWER_DOWN)
            self.events.note_at(ended_s, Event.POWER_UP)

    def count_script(self, _moment: Moment) -> None:
        """Count a script that ran."""
        self.scripts_run += 1

    def activated(self, moment: Moment, image: Image) -> None:
        """Run another firmware from now on."""
        self.firmware, self.signature = image.identifier, image.signature
        self.events.note(moment, Event.FIRMWARE_ACTIVATED)

    def switch_breaker(self, moment: Moment, contact: Contact) -> None:
        """Move the breaker, which P1 shows, and note it; nothing flows while it is not closed."""
        system = moment.system
        if system.breaker is not contact:
            system.breaker = contact
            flows = contact is Contact.CONNECTED
            system.hold_load(system.household.held_w if flows else 0, moment.now)
            off = contact is Contact.DISCONNECTED
            event = Event.REMOTE_DISCONNECTION if off else Event.REMOTE_CONNECTION
            self.disconnections.note(moment, event)
