"""Deviations of associations without or with low security: area C4 of the catalogue."""

from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.wan_edit import wan_fault

_AGREEMENT = "IEC-62056-5-3:6.3"
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
        "conformance-echo",
        "agrees on all services that it has, whatever was proposed",
        _AGREEMENT,
        ("DLMS-AA-03:subset", "DLMS-AA-03:main-subset"),
        also=("DLMS-AA-03:main-set-denied",),
    ),
    wan_fault(
        "conformance-unheeded",
        "serves SET where SET was not agreed on",
        _AGREEMENT,
        ("DLMS-AA-03:main-set-denied",),
    ),
    wan_fault(
        "conf-empty-accepted",
        "opens an association without any service",
        _AGREEMENT,
        ("DLMS-AA-04:rejected", "DLMS-AA-04:error"),
    ),
    wan_fault(
        "initiate-error-other",
        "rejects an InitiateRequest with the error initiate, other, whatever is wrong",
        _AGREEMENT,
        ("DLMS-AA-04:error", "DLMS-AA-05:lower-error", "DLMS-AA-06:11-error"),
    ),
    wan_fault(
        "version-unchecked",
        "opens an association with any DLMS version",
        _AGREEMENT,
        ("DLMS-AA-05:lower-rejected", "DLMS-AA-05:lower-error"),
    ),
    wan_fault(
        "version-echoed",
        "answers DLMS version 7 as its own",
        _AGREEMENT,
        ("DLMS-AA-05:higher",),
    ),
    wan_fault(
        "pdu-size-unchecked",
        "opens an association with a client that takes 11 octets",
        _AGREEMENT,
        ("DLMS-AA-06:11-rejected", "DLMS-AA-06:11-error"),
    ),
    wan_fault(
        "pdu-size-limits-refused",
        "refuses clients that take 12 octets, 65535, or any number of them",
        _AGREEMENT,
        ("DLMS-AA-06:12-accepted", "DLMS-AA-06:65535-accepted", "DLMS-AA-06:0-accepted"),
    ),
    wan_fault(
        "exceeds-max-pdu",
        "answers with APDUs that are longer than the client takes",
        _AGREEMENT,
        ("DLMS-AA-07:short", "DLMS-AA-07:ciphered-short"),
    ),
    wan_fault(
        "exceeds-max-pdu-ciphered",
        "counts the octets of an answer before it protects it",
        _AGREEMENT,
        ("DLMS-AA-07:ciphered-short",),
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
        also=("DLMS-AA-*", "DLMS-HLS-*"),  # whoever comes next on the connection finds it open
    ),
)

VARIATIONS: tuple[Variation, ...] = ()
