"""Area C8: image transfer (IEC 62056-6-2 §4.4.5, §5.3.9)."""

from dataclasses import dataclass, field

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.image_transfer import (
    BITMAP,
    FIRST_MISSING,
    STATUS,
    TO_ACTIVATE,
    Status,
    Transfer,
    begun,
)
from suites.wan_dlms.images import FirmwareImage, declared_image
from suites.wan_dlms.judging import judge, judge_done
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.model import deviation, rows_of
from suites.wan_dlms.survey import Survey

_IMAGE = "IEC-62056-6-2:4.4.5"
_STEPS = "IEC-62056-6-2:5.3.9"
_MIN_BLOCKS = 4


def _image(context: CaseContext) -> FirmwareImage:
    found = declared_image(context, "image")
    assert found is not None, "the case needs the value"
    return found


def _firmware(transfer: Transfer, context: CaseContext) -> Answer:
    """Read the identifier of the firmware that runs."""
    return transfer.aa.get(1, str(context.ixit.get("firmware_object", "1-0:0.2.0")), 2)


@dataclass(slots=True)
class _Progress:
    """What the object shows while blocks arrive."""

    transfer: Transfer
    received: set[int] = field(default_factory=set)
    refused: list[Deviation] = field(default_factory=list)
    maps: list[Deviation] = field(default_factory=list)
    firsts: list[Deviation] = field(default_factory=list)
    sent: int = 0
    looked: int = 0

    def send(self, *numbers: int) -> None:
        """Transfer blocks that have to be taken."""
        for number in numbers:
            answer = self.transfer.send(number)
            self.sent += 1
            if not answer.ok:
                self.refused.append(deviation(answer, f"block {number} is taken", str(answer)))
            self.received.add(number)

    def look(self) -> None:
        """Compare bitmap and first missing block with what was sent."""
        count = len(self.transfer.blocks)
        self.looked += 1
        wanted = "".join("1" if number in self.received else "0" for number in range(count))
        answer = self.transfer.get(BITMAP)
        shown = answer.value
        if not isinstance(shown, str) or shown[:count] != wanted or "1" in shown[count:]:
            self.maps.append(deviation(answer, f"bit-string {wanted}", str(answer)))
        first = next((n for n in range(count) if n not in self.received), count)
        answer = self.transfer.get(FIRST_MISSING)
        met = answer.value >= count if first == count and answer.ok else answer.value == first
        if not met:
            self.firsts.append(deviation(answer, f"first missing block {first}", str(answer)))

    def judge(self, verify: Checks) -> None:
        """Record what was found."""
        verify.none_of(
            "blocks",
            self.refused,
            examined=self.sent,
            expected="every block of the image is taken, in any order, and again",
            things="blocks",
        )
        expected = "image_transferred_blocks_status shows the blocks that came"
        verify.none_of(
            "bitmap", self.maps, examined=self.looked, expected=expected, things="readings"
        )
        expected = "image_first_not_transferred_block_number is the first one that did not come"
        verify.none_of(
            "first-missing", self.firsts, examined=self.looked, expected=expected, things="readings"
        )


@case(
    Case(
        id="DLMS-OBJ-23",
        version=1,
        interface="wan",
        title="Transfer of a firmware image",
        purpose="Ensure that an image can be transferred over a line that loses and repeats.",
        stimulus="Initiate; the second block first and twice, then the others but one, at last "
        "that one; verify; activate. The earlier firmware is put back if it is declared.",
        criterion="Each step succeeds or tells by the status when it is done: 1 initiated, "
        "3 verified, 6 activated; bitmap and first missing block are right all the time; "
        "image_to_activate_info names the image; another firmware runs.",
        kind=Kind.VALID,
        clauses=(_STEPS, _IMAGE),
        ics="WAN/IMAGE-TRANSFER",
        ixit=("image",),
        effects=Effects.DESTRUCTIVE,
        detects=("wan.image-bitmap", "wan.image-first-missing", "wan.image-activate-ignored"),
        bound_s=1800.0,
    )
)
def test_image_transfer(meter: Meter, survey: Survey, context: CaseContext, verify: Checks) -> None:
    """From the first block to the firmware that runs."""
    transfer = Transfer(meter, survey, _image(context))
    before = _firmware(transfer, context)
    try:
        if _transferred(verify, transfer):
            _activated(verify, transfer, before, context)
    finally:
        transfer.restore(firmware=_firmware(transfer, context).data != before.data)


def _transferred(verify: Checks, transfer: Transfer) -> bool:
    count = len(transfer.blocks)
    if count < _MIN_BLOCKS:
        text = f"the image has {count} blocks of {transfer.block_size} octets; take a longer one"
        raise Inconclusive(Reason.IXIT, text)
    if not judge_done(verify, "initiate", transfer.initiate()):
        return False
    status = transfer.get(STATUS)
    met = status.value == Status.INITIATED
    judge(verify, "initiated", met, status, expected="status 1 initiated")
    progress = _Progress(transfer)
    progress.look()
    progress.send(1, 1)
    progress.look()
    progress.send(0, *range(3, count))
    progress.look()
    progress.send(2)
    progress.look()
    progress.judge(verify)
    return True


def _activated(verify: Checks, transfer: Transfer, before: Answer, context: CaseContext) -> None:
    asked = transfer.verify()
    verified = transfer.settled()
    met = begun(asked) and verified.value == Status.VERIFIED
    observed = f"{asked}, then status {verified}"
    expected = "success or temporary-failure, then status 3 verified"
    if not judge(verify, "verified", met, verified, expected=expected, observed=observed):
        return
    info = transfer.get(TO_ACTIVATE)
    rows = rows_of(info.data, 3) or []
    size = len(transfer.image.octets)
    met = any(row[0].value == size for row in rows)
    judge(verify, "to-activate", met, info, expected=f"an image of {size} octets")
    asked = transfer.activate()
    activated = transfer.settled()
    met = begun(asked) and activated.value == Status.ACTIVATED
    observed = f"{asked}, then status {activated}"
    expected = "success or temporary-failure, then status 6 activated"
    if not judge(verify, "activated", met, activated, expected=expected, observed=observed):
        return
    now = _firmware(transfer, context)
    judge(
        verify,
        "other-firmware",
        now.ok and now.data != before.data,
        now,
        expected=f"another firmware than {before}",
        level=Level.SHOULD,
    )


@case(
    Case(
        id="DLMS-OBJ-24",
        version=1,
        interface="wan",
        title="Bad blocks and damaged images",
        purpose="Ensure that the meter runs no firmware that is not whole.",
        stimulus="A block number that the image does not have; a block longer than block size; "
        "verify while a block is missing; all blocks of an image in which one bit is wrong, "
        "verify and activate.",
        criterion="The blocks are refused; neither verification succeeds, the damaged image ends "
        "with status 4; activation is refused, and the firmware stays what it was.",
        kind=Kind.INVALID,
        clauses=(_STEPS, _IMAGE),
        ics="WAN/IMAGE-TRANSFER",
        ixit=("image",),
        effects=Effects.DESTRUCTIVE,
        detects=("wan.image-accepts-bad", "wan.verify-always-ok", "wan.activate-unverified"),
        bound_s=1800.0,
    )
)
def test_bad_images(meter: Meter, survey: Survey, context: CaseContext, verify: Checks) -> None:
    """What is not whole is not run."""
    transfer = Transfer(meter, survey, _image(context))
    before = _firmware(transfer, context)
    try:
        if not judge_done(verify, "initiate", transfer.initiate()):
            return
        _judge_bad_blocks(verify, transfer)
        _judge_damaged(verify, transfer)
        now = _firmware(transfer, context)
        expected = f"the firmware that was there: {before}"
        judge(verify, "firmware-kept", now.data == before.data, now, expected=expected)
    finally:
        transfer.restore(firmware=_firmware(transfer, context).data != before.data)


def _judge_bad_blocks(verify: Checks, transfer: Transfer) -> None:
    count = len(transfer.blocks)
    answer = transfer.send(count, transfer.blocks[0])
    expected = f"block {count} is refused: the last one is {count - 1}"
    judge(verify, "bad-number", not begun(answer), answer, expected=expected)
    answer = transfer.send(0, transfer.blocks[0] + b"\x00")
    expected = f"a block of {transfer.block_size + 1} octets is refused"
    judge(verify, "oversize", not begun(answer), answer, expected=expected)
    for number in range(1, count):
        transfer.send(number)
    asked = transfer.verify()
    status = transfer.settled()
    met = not asked.ok and status.value in (Status.INITIATED, Status.VERIFICATION_FAILED)
    observed = f"{asked}, then status {status}"
    expected = "no verification without block 0: status 1 or 4"
    judge(verify, "incomplete", met, status, expected=expected, observed=observed)


def _judge_damaged(verify: Checks, transfer: Transfer) -> None:
    if not judge_done(verify, "initiate-again", transfer.initiate(transfer.image.damaged())):
        return
    for number in range(len(transfer.blocks)):
        transfer.send(number)
    asked = transfer.verify()
    status = transfer.settled()
    met = not asked.ok and status.value == Status.VERIFICATION_FAILED
    observed = f"{asked}, then status {status}"
    expected = "verification of a damaged image fails: status 4"
    judge(verify, "damaged", met, status, expected=expected, observed=observed)
    asked = transfer.activate()
    status = transfer.settled()
    met = not begun(asked) and status.value != Status.ACTIVATED
    observed = f"{asked}, then status {status}"
    expected = "activation is refused"
    judge(verify, "activate-refused", met, status, expected=expected, observed=observed)
