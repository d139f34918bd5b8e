"""Deviations of associations without or with low security: area C4 of the catalogue."""

from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.wan_edit import wan_fault

_OPENING = "IEC-62056-5-3:7.2"
_AUTHENTICATION = "IEC-62056-5-3:5.3"

FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "aare-wrong-context",
        "answers an AARQ with another application context than was asked for",
        _OPENING,
        ("DLMS-AA-01:context",),
    ),
    wan_fault(
        "get-without-aa",
        "serves a GET without an association",
        _OPENING,
        ("DLMS-AA-02:refused",),
        also=("DLMS-AA-14:*-shut", "DLMS-AA-18:over", "DLMS-HDLC-38:no-data"),
    ),
    wan_fault(
        "lls-always-fail",
        "refuses the right password, too",
        _AUTHENTICATION,
        ("DLMS-AA-13:accepted",),
        also=("DLMS-AA-14:right-after",),
    ),
    wan_fault(
        "lls-any-password",
        "takes any password",
        _AUTHENTICATION,
        ("DLMS-AA-14:changed-rejected", "DLMS-AA-14:changed-shut"),
        also=("DLMS-AA-14:*",),
    ),
    wan_fault(
        "lls-prefix-compare",
        "compares a password only as far as the one that it was sent",
        _AUTHENTICATION,
        ("DLMS-AA-14:shortened-rejected", "DLMS-AA-14:shortened-shut"),
        also=("DLMS-AA-14:*",),
    ),
    wan_fault(
        "release-ignored",
        "answers RLRQ and keeps the association",
        _OPENING,
        ("DLMS-AA-18:over",),
    ),
)

VARIATIONS: tuple[Variation, ...] = ()
