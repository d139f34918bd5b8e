"""Class 18, image transfer: takes a firmware image in blocks, verifies and activates it.

    not initiated 0 --initiate--> initiated 1 --verify--> 2 --> verified 3 or failed 4
                                                      --activate--> 5 --> activated 6 or failed 7

Verification and activation take `verify_s` and `activate_s` of the meter's time. A method that has
only begun ends with temporary-failure, and the status tells when it is done (IEC 62056-6-2,
class 18). Blocks may come in any order and more than once. What is refused ends with other-reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import (
    Data,
    array,
    bits,
    boolean,
    double_long_unsigned,
    enum,
    octet_string,
    structure,
)
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem import shape
from bench.simulator.cosem.access import GUARDED
from bench.simulator.cosem.image import Image, read_image
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import SECOND, Moment


class Status(IntEnum):
    """image_transfer_status."""

    NOT_INITIATED = 0
    INITIATED = 1
    VERIFICATION_INITIATED = 2
    VERIFICATION_SUCCESSFUL = 3
    VERIFICATION_FAILED = 4
    ACTIVATION_INITIATED = 5
    ACTIVATION_SUCCESSFUL = 6
    ACTIVATION_FAILED = 7


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What a meter takes: octets of a block and of an image, and how long it needs."""

    block_size: int = 128
    max_size: int = 1 << 20
    verify_s: float = 0.0
    activate_s: float = 2.0


_INITIATE = shape.structure_of(shape.OCTETS, shape.DOUBLE_LONG_UNSIGNED)
_BLOCK = shape.structure_of(shape.DOUBLE_LONG_UNSIGNED, shape.OCTETS)


class ImageTransfer(CosemObject):
    """The transfer of one image; `activated` is called with the image that becomes active.

    `limits` may be others before the transfer is initiated.
    """

    class_id = 18

    def __init__(
        self,
        name: LogicalName | str,
        activated: Callable[[Moment, Image], None],
        limits: ImageLimits | None = None,
    ) -> None:
        super().__init__(name)
        self.limits = limits or ImageLimits()
        self._activated = activated
        self._status = Status.NOT_INITIATED
        self._size = 0
        self._blocks: dict[int, bytes] = {}
        self._verified: Image | None = None
        self._enabled = True
        self._due: int | None = None
        self._after: Callable[[Moment], None] | None = None
        self.read(2, lambda _moment: double_long_unsigned(self.limits.block_size))
        self.read(3, lambda _moment: bits(self._bitmap()))
        self.read(4, lambda _moment: double_long_unsigned(self._first_missing()))
        self.read(5, lambda _moment: boolean(self._enabled), self._enable, shape.BOOLEAN)
        self.read(6, lambda moment: enum(self._status_at(moment)))
        self.read(7, self._info)
        self.method(1, self._initiate, _INITIATE, grants=GUARDED)
        self.method(2, self._transfer, _BLOCK, grants=GUARDED)
        self.method(3, self._verify, shape.INTEGER, grants=GUARDED)
        self.method(4, self._activate, shape.INTEGER, grants=GUARDED)

    # -- what it shows

    @property
    def _count(self) -> int:
        return -(-self._size // self.limits.block_size)

    def _bitmap(self) -> str:
        if "image-bitmap" in self.breaks:
            return "1" * self._count
        return "".join("1" if number in self._blocks else "0" for number in range(self._count))

    def _first_missing(self) -> int:
        """Return the first block that is missing, the number of all if none is."""
        return next((n for n in range(self._count) if n not in self._blocks), self._count)

    def _status_at(self, moment: Moment) -> Status:
        self.tick(moment)
        return self._status

    def _info(self, moment: Moment) -> Data:
        self.tick(moment)
        image = self._verified
        if image is None:
            return array()
        return array(
            structure(
                double_long_unsigned(image.size),
                octet_string(image.identifier),
                octet_string(image.signature),
            )
        )

    # -- what is done to it

    def _enable(self, _moment: Moment, data: Data) -> DataAccessResult:
        self._enabled = bool(data.value)
        return DataAccessResult.SUCCESS

    def _initiate(self, _moment: Moment, data: Data) -> ActionResult:
        size = data.value[1].value
        if not self._enabled or not 1 <= size <= self.limits.max_size:
            return ActionResult.OTHER_REASON
        self._size, self._blocks, self._verified = size, {}, None
        self._status, self._due = Status.INITIATED, None
        return ActionResult.SUCCESS

    def _transfer(self, moment: Moment, data: Data) -> ActionResult:
        number, octets = data.value[0].value, data.value[1].value
        self.tick(moment)
        if not self._enabled or self._status is not Status.INITIATED:
            return ActionResult.OTHER_REASON
        if "image-accepts-bad" not in self.breaks:
            size = self.limits.block_size
            expected = min(size, self._size - number * size)
            if number >= self._count or len(octets) != expected:
                return ActionResult.OTHER_REASON
        self._blocks[number] = octets
        return ActionResult.SUCCESS

    def _verify(self, moment: Moment, _data: Data) -> ActionResult:
        self.tick(moment)
        ready = self._status in (
            Status.INITIATED,
            Status.VERIFICATION_SUCCESSFUL,
            Status.VERIFICATION_FAILED,
        )
        complete = self._first_missing() == self._count or "verify-always-ok" in self.breaks
        if not self._enabled or not ready or not complete:
            return ActionResult.OTHER_REASON
        self._status = Status.VERIFICATION_INITIATED
        self._begin(moment, self.limits.verify_s, self._check)
        if self._due is not None:
            return ActionResult.TEMPORARY_FAILURE
        good = self._status is Status.VERIFICATION_SUCCESSFUL
        return ActionResult.SUCCESS if good else ActionResult.OTHER_REASON

    def _check(self, _moment: Moment) -> None:
        octets = b"".join(self._blocks[number] for number in sorted(self._blocks))
        self._verified = read_image(octets)
        if self._verified is None and "verify-always-ok" in self.breaks:
            self._verified = Image(len(octets), b"unknown", octets[-4:])
        good = self._verified is not None
        self._status = Status.VERIFICATION_SUCCESSFUL if good else Status.VERIFICATION_FAILED

    def _activate(self, moment: Moment, _data: Data) -> ActionResult:
        self.tick(moment)
        if not self._enabled or self._status is not Status.VERIFICATION_SUCCESSFUL:
            return ActionResult.OTHER_REASON
        self._status = Status.ACTIVATION_INITIATED
        self._begin(moment, self.limits.activate_s, self._switch)
        return ActionResult.SUCCESS if self._due is None else ActionResult.TEMPORARY_FAILURE

    def _switch(self, moment: Moment) -> None:
        if self._verified is not None:
            self._activated(moment, self._verified)
        self._status = Status.ACTIVATION_SUCCESSFUL

    # -- time

    def due(self) -> int | None:
        """Return when verification or activation is done."""
        return self._due

    def tick(self, moment: Moment) -> None:
        """End the verification or activation that is over."""
        if self._due is not None and self._after is not None and moment.now >= self._due:
            self._due = None
            self._after(moment)

    def _begin(self, moment: Moment, lasts_s: float, after: Callable[[Moment], None]) -> None:
        self._due, self._after = moment.now + round(lasts_s * SECOND), after
        self.tick(moment)
