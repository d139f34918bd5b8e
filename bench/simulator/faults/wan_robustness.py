"""Deviations under hostile octets, and of what clients leave behind: area C9."""

from bench.core.trace import Problem
from bench.protocols.dlms.apdu import decode_apdu
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.wan_edit import breaks, options, wan_fault, wan_variation
from bench.simulator.faults.wan_wrapper import wrapper_fault, wrapper_variation
from bench.simulator.ports.wan_stages import Stage
from bench.simulator.wan.options import Refusal

_STREAM = "meterbench:survival"
_FRAME = "IEC-62056-46:6.4.1"
_AARQ = "IEC-62056-5-3:7.2"
_ASSOCIATION = "IEC-62056-5-3:7.2"
_AFTERWARDS = ("DLMS-ROB-*",)  # until the meter is there again
_RIGHT_AARQ = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400007E1F0400")


def _every_length_will_do(apdu: bytes, _: int) -> bytes:
    """Return a right AARQ in place of one with wrong lengths."""
    if apdu[:1] != b"\x60":
        return apdu
    wrong = any(_is_length(problem) for problem in decode_apdu(apdu).problems)
    return _RIGHT_AARQ if wrong else apdu


def _is_length(problem: Problem) -> bool:
    return problem.code in ("length", "truncated")


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "fuzz-crash",
        "falls over a kilobyte of octets that are no frames",
        _STREAM,
        ("DLMS-ROB-01:alive",),
        also=("DLMS-HDLC-*", *_AFTERWARDS),
    ),
    wrapper_fault(
        "fuzz-crash-wrapped",
        "falls over half a kilobyte of octets that are no unit",
        ("DLMS-ROB-01:alive",),
        breaks("fuzz-crash"),
        clause=_STREAM,
    ),
    wan_fault(
        "fuzz-apdu-crash",
        "falls over a long APDU without sense",
        _STREAM,
        ("DLMS-ROB-01:alive",),
        also=(*_AFTERWARDS, "DLMS-SVC-*"),  # which also send long APDUs
    ),
    wan_fault(
        "crc-ignored",
        "looks at no check sequence",
        _FRAME,
        ("DLMS-ROB-02:silent",),
        also=("DLMS-ROB-*", "DLMS-HDLC-*"),  # links with nobody fill the station
    ),
    wan_fault(
        "damaged-frame-hang",
        "is out of service for 10 s after a frame with a wrong header check",
        _FRAME,
        ("DLMS-ROB-02:recovers",),
        also=("DLMS-ROB-*", "DLMS-HDLC-*"),  # links with nobody fill the station
    ),
    wan_fault(
        "ber-len-crash",
        "falls over a length of 4294967295 in an AARQ",
        _AARQ,
        ("DLMS-ROB-03:survives",),
        also=_AFTERWARDS,
    ),
    wan_fault(
        "ber-nested-crash",
        "falls over fields nested deep in an AARQ",
        _AARQ,
        ("DLMS-ROB-03:alive",),
        also=_AFTERWARDS,
    ),
    wan_fault(
        "ber-len-accepted",
        "opens an association whatever the lengths in its AARQ",
        _AARQ,
        ("DLMS-ROB-03:not-accepted",),
        Alteration(Stage.REQUEST, _every_length_will_do),
        also=("DLMS-AA-*",),
    ),
    wan_fault(
        "leak",
        "has no room for a link after 40 of them within 20 s",
        _STREAM,
        ("DLMS-ROB-04:every-cycle",),
        also=("DLMS-ROB-*", "DLMS-HDLC-*"),
    ),
    wrapper_fault(
        "leak-wrapped",
        "has no room for a connection after 40 of them within 20 s",
        ("DLMS-ROB-04:every-cycle",),
        breaks("leak"),
        clause=_STREAM,
        also=("DLMS-ROB-*", "DLMS-WR-*"),
    ),
    wrapper_fault(
        "stuck-single-client",
        "heeds no other client while half a unit has come from one",
        ("DLMS-ROB-05:others-served",),
    ),
    wan_fault(
        "block-state-persist",
        "goes on with a block transfer in the next association",
        _ASSOCIATION,
        ("DLMS-ROB-06:transfer-gone",),
    ),
    wan_fault(
        "hls-state-persist",
        "waits for the proof of a client that has gone, whatever comes",
        _ASSOCIATION,
        ("DLMS-ROB-07:opened-again",),
        also=("DLMS-HLS-*", "DLMS-AA-*"),
    ),
)

_SILENT = options(
    **dict.fromkeys(
        (
            "without_association",
            "unknown_tag",
            "malformed",
            "malformed_aarq",
            "too_long",
            "not_negotiated",
            "release_without_association",
        ),
        Refusal.SILENCE,
    )
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "silent-refusals",
        "says nothing to what it does not serve, instead of an ExceptionResponse",
        _AARQ,
        _SILENT,
    ),
    wrapper_variation(
        "wr-silent-refusals",
        "says nothing to what it does not serve, over the wrapper",
        _SILENT,
    ),
)
