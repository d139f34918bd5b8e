"""Deviations of image transfer, scripts and disconnector: DLMS-OBJ-23, 24 and 26."""

from collections.abc import Callable

from bench.protocols.dlms.data_types import Data, array, boolean, double_long_unsigned, enum
from bench.protocols.dlms.data_types import octet_string as octets
from bench.protocols.dlms.results import ActionResult
from bench.simulator.cosem.image import Image
from bench.simulator.cosem.image_transfer import ImageLimits, ImageTransfer, Status
from bench.simulator.cosem.object import CosemObject, Method
from bench.simulator.cosem.truth import Moment
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.wan_edit import wan_fault, wan_variation
from bench.simulator.faults.wan_objects_edit import does, each, invoked, shows, without

_IMAGE = "IEC-62056-6-2:5.3.9"
_CONTROL = "IEC-62056-6-2:5.4.8"
_SCRIPTS = "IEC-62056-6-2:4.5.2"
_PUSH = "IEC-62056-6-2:5.3.8"
_TRANSFER, _BREAKER, _FIRMWARE = "0-0:44.0.0", "0-0:96.3.10", "1-0:0.2.0"
_INITIATE, _BLOCK, _VERIFY, _ACTIVATE = 1, 2, 3, 4
_FIRST, _RUNS = b"MBX-01.00", b"MBX-00.99"


def _nothing(_before: Method, _moment: Moment, _data: Data) -> ActionResult:
    return ActionResult.SUCCESS


def _denied(_before: Method, _moment: Moment, _data: Data) -> ActionResult:
    return ActionResult.READ_WRITE_DENIED


def _whatever(before: Method, moment: Moment, data: Data) -> ActionResult:
    """Say that it was done, whatever came of it."""
    invoked(before, moment, data)
    return ActionResult.SUCCESS


def _where(method: int, wrong: Callable[[ImageTransfer, Data], bool]) -> Alteration:
    """Refuse a method of the image transfer where the meter finds something `wrong`."""

    def change(one: CosemObject) -> None:
        assert isinstance(one, ImageTransfer)
        found = one.methods[method]
        before = Method(found.invoke, found.grants, found.shape)

        def invoke(moment: Moment, data: Data) -> ActionResult:
            refuses = wrong(one, data)
            return ActionResult.OTHER_REASON if refuses else invoked(before, moment, data)

        found.invoke = invoke

    return each(18, change)


def _came_before(one: ImageTransfer, data: Data) -> bool:
    return data.value[0].value in one._blocks


def _not_done(one: ImageTransfer, _data: Data) -> bool:
    return one._status is Status.INITIATED


def _counted(data: Data) -> Data:
    """Return the number of the block after the first missing one."""
    return double_long_unsigned(data.value + 1)


def _run_unverified(one: CosemObject) -> None:
    """Run an image whose verification has failed."""
    assert isinstance(one, ImageTransfer)
    method = one.methods[_VERIFY]
    before = Method(method.invoke, method.grants, method.shape)

    def verify(moment: Moment, data: Data) -> ActionResult:
        result = invoked(before, moment, data)
        if one.value(6, moment).value == Status.VERIFICATION_FAILED:
            one._activated(moment, Image(0, _RUNS, b""))
        return result

    method.invoke = verify


def _limits(**values: float) -> Alteration:
    def change(one: CosemObject) -> None:
        assert isinstance(one, ImageTransfer)
        one.limits = ImageLimits(**values)  # type: ignore[arg-type]

    return each(18, change)


def _disabled(one: CosemObject) -> None:
    assert isinstance(one, ImageTransfer)
    one._enabled = False


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "image-initiate-refused",
        "lets nobody begin an image transfer, and declares otherwise",
        _IMAGE,
        ("DLMS-OBJ-23:initiate", "DLMS-OBJ-24:initiate"),
        does(18, _TRANSFER, _INITIATE, _denied),
    ),
    wan_fault(
        "image-begins-once",
        "begins no transfer while another one is not verified",
        _IMAGE,
        ("DLMS-OBJ-24:initiate-again",),
        _where(_INITIATE, _not_done),
    ),
    wan_fault(
        "image-status-late",
        "shows status 0 until an image is verified",
        _IMAGE,
        ("DLMS-OBJ-23:initiated",),
        shows(18, _TRANSFER, 6, lambda data: enum(0) if data.value == 1 else data),
        also=("DLMS-OBJ-24:incomplete",),  # the status is looked at there, too
    ),
    wan_fault(
        "image-bitmap",
        "shows all blocks as transferred from the beginning",
        _IMAGE,
        ("DLMS-OBJ-23:bitmap",),
    ),
    wan_fault(
        "image-first-missing",
        "shows the block after the first one that is missing",
        _IMAGE,
        ("DLMS-OBJ-23:first-missing",),
        shows(18, _TRANSFER, 4, _counted),
    ),
    wan_fault(
        "image-repeat-refused",
        "refuses a block that came before",
        _IMAGE,
        ("DLMS-OBJ-23:blocks",),
        _where(_BLOCK, _came_before),
    ),
    wan_fault(
        "image-verify-fails",
        "finds every image damaged",
        _IMAGE,
        ("DLMS-OBJ-23:verified",),
        shows(18, _TRANSFER, 6, lambda data: enum(4) if data.value == 3 else data),
    ),
    wan_fault(
        "image-info-empty",
        "does not tell which image would be activated",
        _IMAGE,
        ("DLMS-OBJ-23:to-activate",),
        shows(18, _TRANSFER, 7, lambda _: array()),
    ),
    wan_fault(
        "image-activate-ignored",
        "says that an image is activated, and does nothing",
        _IMAGE,
        ("DLMS-OBJ-23:activated",),
        does(18, _TRANSFER, _ACTIVATE, _nothing),
        also=("DLMS-OBJ-24:activate-refused",),  # that of a damaged image, too
    ),
    wan_fault(
        "image-not-run",
        "goes on with the earlier firmware after it has activated another",
        _IMAGE,
        ("DLMS-OBJ-23:other-firmware",),
        shows(1, _FIRMWARE, 2, lambda _: octets(_FIRST)),
    ),
    wan_fault(
        "image-accepts-bad",
        "takes blocks of any number and length",
        _IMAGE,
        ("DLMS-OBJ-24:bad-number", "DLMS-OBJ-24:oversize"),
        also=("DLMS-OBJ-24:*",),  # what is verified then is another image
    ),
    wan_fault(
        "verify-always-ok",
        "finds every image in order, even one that is not whole",
        _IMAGE,
        ("DLMS-OBJ-24:incomplete", "DLMS-OBJ-24:damaged"),
        also=("DLMS-OBJ-24:*",),  # and then it runs it
    ),
    wan_fault(
        "activate-unverified",
        "says that an image is activated whose verification has failed",
        _IMAGE,
        ("DLMS-OBJ-24:activate-refused",),
        does(18, _TRANSFER, _ACTIVATE, _whatever),
    ),
    wan_fault(
        "image-runs-unverified",
        "runs an image when its verification has failed",
        _IMAGE,
        ("DLMS-OBJ-24:firmware-kept",),
        each(18, _run_unverified),
    ),
    wan_fault(
        "disconnect-missing",
        "has no disconnect control, and declares one",
        _CONTROL,
        ("DLMS-OBJ-26:present",),
        without(70, _BREAKER),
        without(70, "0-1:24.4.0"),
    ),
    wan_fault(
        "unknown-script-run",
        "says that it has run a script that it does not have",
        _SCRIPTS,
        ("DLMS-OBJ-26:unknown-script",),
        does(9, "", 1, _whatever),
        also=("DLMS-SVC-*",),  # scripts are what services are tried with
    ),
    wan_fault(
        "disconnect-refused",
        "lets nobody disconnect, and declares otherwise",
        _CONTROL,
        ("DLMS-OBJ-26:disconnect",),
        does(70, _BREAKER, 1, _denied),
    ),
    wan_fault(
        "disconnect-ignored",
        "says that it has disconnected, and has not",
        _CONTROL,
        ("DLMS-OBJ-26:disconnected", "DLMS-OBJ-26:output-off"),
        does(70, _BREAKER, 1, _nothing),
    ),
    wan_fault(
        "disconnect-output-lie",
        "shows its output as on while it is disconnected",
        _CONTROL,
        ("DLMS-OBJ-26:output-off",),
        shows(70, _BREAKER, 2, lambda _: boolean(True)),
    ),
    wan_fault(
        "reconnect-refused",
        "lets nobody reconnect from afar, in a mode that allows it",
        _CONTROL,
        ("DLMS-OBJ-26:reconnect",),
        does(70, _BREAKER, 2, _denied),
    ),
    wan_fault(
        "reconnect-ignored",
        "says that it has reconnected, and has not",
        _CONTROL,
        ("DLMS-OBJ-26:connected",),
        does(70, _BREAKER, 2, _nothing),
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "image-slowly",
        "verifies an image for 20 s and activates it for 90 s, in blocks of 64 octets",
        _IMAGE,
        _limits(block_size=64, verify_s=20.0, activate_s=90.0),
    ),
    wan_variation(
        "image-at-once",
        "verifies and activates an image at once",
        _IMAGE,
        _limits(activate_s=0.0),
    ),
    wan_variation(
        "image-disabled",
        "has to be told first that images may be transferred",
        _IMAGE,
        each(18, _disabled),
    ),
    wan_variation(
        "disconnect-mode-1",
        "has a disconnector that only a button closes again",
        _CONTROL,
        each(70, lambda one: setattr(one, "_mode", 1)),
    ),
)
