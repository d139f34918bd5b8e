"""Class 18, image transfer, as a client uses it: enable, initiate, blocks, verify, activate."""

from enum import IntEnum

from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import (
    boolean,
    double_long_unsigned,
    integer,
    octet_string,
    structure,
)
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.images import FirmwareImage, declared_image
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.model import IMAGE
from suites.wan_dlms.survey import Survey

BLOCK_SIZE, BITMAP, FIRST_MISSING, ENABLED, STATUS, TO_ACTIVATE = 2, 3, 4, 5, 6, 7
_INITIATE, _BLOCK, _VERIFY, _ACTIVATE = 1, 2, 3, 4
_TEMPORARY_FAILURE = 2
_POLL_S = 1.0
_LIMIT_S = 120.0


class Status(IntEnum):
    """image_transfer_status."""

    NOT_INITIATED = 0
    INITIATED = 1
    VERIFICATION_INITIATED = 2
    VERIFIED = 3
    VERIFICATION_FAILED = 4
    ACTIVATION_INITIATED = 5
    ACTIVATED = 6
    ACTIVATION_FAILED = 7


_BUSY = (Status.VERIFICATION_INITIATED, Status.ACTIVATION_INITIATED)


class Transfer:
    """The transfer of one image over an association that may do it.

    `enabled` is whether transfers were enabled before; `block_size` is in octets.
    """

    def __init__(self, meter: Meter, survey: Survey, image: FirmwareImage) -> None:
        listed = survey.find(IMAGE)
        if not listed:
            raise Inconclusive(Reason.PRECONDITION, "no object of class 18 is on the object list")
        self.meter = meter
        self.image = image
        self.name: LogicalName = listed[0].name
        self.aa: Association = meter.associate("main")
        size, enabled = self.get(BLOCK_SIZE).value, self.get(ENABLED).value
        if not isinstance(size, int) or size < 1 or not isinstance(enabled, bool):
            text = f"block size and enabling of {self.name} cannot be read"
            raise Inconclusive(Reason.PRECONDITION, text)
        self.block_size = size
        self.enabled = enabled
        if not enabled and not self.enable(True).ok:
            raise Inconclusive(Reason.PRECONDITION, f"{self.name} cannot be enabled")
        self.blocks = image.blocks(size)

    # -- attributes

    def get(self, attribute: int) -> Answer:
        """Read an attribute of the object."""
        return self.aa.get(IMAGE, self.name, attribute)

    def enable(self, enabled: bool) -> Answer:
        """Switch image transfer on or off."""
        return self.aa.set(IMAGE, self.name, ENABLED, boolean(enabled))

    # -- methods

    def initiate(self, image: FirmwareImage | None = None) -> Answer:
        """Begin the transfer of the image, or of another."""
        if image is not None:
            self.image, self.blocks = image, image.blocks(self.block_size)
        size = double_long_unsigned(len(self.image.octets))
        parameter = structure(octet_string(self.image.identifier), size)
        return self.aa.action(IMAGE, self.name, _INITIATE, parameter)

    def send(self, number: int, octets: bytes | None = None) -> Answer:
        """Transfer a block, with other octets than its own where they are given."""
        block = self.blocks[number] if octets is None else octets
        parameter = structure(double_long_unsigned(number), octet_string(block))
        return self.aa.action(IMAGE, self.name, _BLOCK, parameter)

    def verify(self) -> Answer:
        """Ask for verification; it may only begin (see `settled`)."""
        return self.aa.action(IMAGE, self.name, _VERIFY, integer(0))

    def activate(self) -> Answer:
        """Ask for activation; it may only begin (see `settled`)."""
        return self.aa.action(IMAGE, self.name, _ACTIVATE, integer(0))

    # -- waiting

    def settled(self) -> Answer:
        """Return the answer that tells the status when the meter is no longer busy.

        A meter that restarts may not answer for a while; the association is opened again. The
        last answer is returned when the time is up.
        """
        connection = self.meter.context.connection
        limit_s = float(self.meter.declared.values.get("image_limit_s", _LIMIT_S))
        until_ns = connection.now() + int(limit_s * 1e9)
        while True:
            answer = self.get(STATUS)
            if answer.ok and answer.value not in _BUSY:
                return answer
            if connection.now() >= until_ns or self.meter.hurry():
                return answer
            connection.wait(_POLL_S)
            if not answer.last.came:
                self._again()

    def _again(self) -> None:
        """Open the association anew, over a new connection if need be."""
        self.aa.close()
        if not self.aa.open().established:
            self.meter.reconnect()
            self.aa.open()

    # -- ending

    def whole(self, image: FirmwareImage) -> bool:
        """Transfer, verify and activate an image without judging; return whether it runs."""
        if not self.initiate(image).ok:
            return False
        if not all(self.send(number).ok for number in range(len(self.blocks))):
            return False
        self.verify()
        if self.settled().value != Status.VERIFIED:
            return False
        self.activate()
        return bool(self.settled().value == Status.ACTIVATED)

    def restore(self, *, firmware: bool) -> None:
        """Put the earlier firmware back where it is declared, and enabling as it was."""
        if not self.aa.transport.up:
            self._again()
        context = self.meter.context
        earlier = declared_image(context, "image_restore") if firmware else None
        if earlier is not None and not self.whole(earlier):
            text = "the earlier firmware (image_restore) was not taken"
            context.inconclusive(Reason.PRECONDITION, text)
        if not self.enabled:
            self.enable(False)


def begun(answer: Answer) -> bool:
    """Whether a method was done, or has begun: temporary-failure says that it is not done yet."""
    return answer.ok or answer.result == _TEMPORARY_FAILURE
