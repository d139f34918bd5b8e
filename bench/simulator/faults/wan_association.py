"""Deviations of associations without or with low security: area C4 of the catalogue."""

from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.wan_edit import options, wan_fault, wan_variation
from bench.simulator.ports.wan_stages import Stage
from bench.simulator.wan.options import Refusal

_AGREEMENT = "IEC-62056-5-3:6.3"
_FIELDS = "IEC-62056-5-3:7.2.4"
_OPENING = "IEC-62056-5-3:7.2"
_AUTHENTICATION = "IEC-62056-5-3:5.3"
_RIGHTS = "IEC-62056-6-2:4.4.3"
#: without a data link under it, an association that does not end is there for whoever comes next
_ENDLESS = ("DLMS-AA-*", "DLMS-HLS-*", "DLMS-SEC-*")
_OTHER_SAPS = {
    "lls": 48,
    "hls2": 49,
    "hls3": 50,
    "hls4": 51,
    "hls6": 52,
    "suite0": 53,
    "suite1": 54,
    "suite2": 55,
}
_DENIED = 3
_OTHER = 250


def _other_reason(apdu: bytes, _: int) -> bytes:
    """Return a plain SET or ACTION answer with other-reason in place of read-write-denied."""
    is_answer = apdu[:2] in (b"\xc5\x01", b"\xc7\x01")
    if is_answer and apdu[3:4] == bytes((_DENIED,)):
        return apdu[:3] + bytes((_OTHER,)) + apdu[4:]
    return apdu


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
        # cases that ask for data where no association was opened
        also=(
            "DLMS-AA-*shut",
            "DLMS-AA-18:over",
            "DLMS-HLS-*shut",
            "DLMS-HDLC-38:no-data",
            "DLMS-WR-08:association-gone",
        ),
    ),
    wan_fault(
        "conformance-echo",
        "agrees on all services that it has, whatever was proposed",
        _AGREEMENT,
        ("DLMS-AA-03:subset", "DLMS-AA-03:main-subset"),
        also=("DLMS-AA-03:main-set-denied", "DLMS-SVC-*:not-agreed"),  # nor was that proposed
    ),
    wan_fault(
        "conformance-unheeded",
        "serves SET where SET was not agreed on",
        _AGREEMENT,
        ("DLMS-AA-03:main-set-denied",),
        also=("DLMS-SVC-*:not-agreed",),  # other services
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
        "context-unchecked",
        "opens an association in any application context",
        _OPENING,
        ("DLMS-AA-08:number-9-rejected", "DLMS-AA-08:number-9-shut", "DLMS-AA-09:sn-rejected"),
        also=("DLMS-AA-08:*", "DLMS-AA-09:*", "DLMS-ROB-03:not-accepted"),  # lost contexts
    ),
    wan_fault(
        "context-arcs-unchecked",
        "takes any name for an application context that ends in its number",
        _OPENING,
        ("DLMS-AA-08:foreign-arc-rejected", "DLMS-AA-08:a-mechanism-rejected"),
        also=("DLMS-AA-08:*-shut",),
    ),
    wan_fault(
        "sn-accepted",
        "opens an association with short names, which it does not have",
        _OPENING,
        ("DLMS-AA-09:sn-rejected", "DLMS-AA-09:sn-shut"),
    ),
    wan_fault(
        "protover-unchecked",
        "takes any protocol version of ACSE",
        _FIELDS,
        ("DLMS-AA-10:other-rejected", "DLMS-AA-10:other-shut"),
    ),
    wan_fault(
        "protover-refused",
        "refuses an AARQ that names the protocol version which is the default",
        _FIELDS,
        ("DLMS-AA-10:default-accepted",),
    ),
    wan_fault(
        "fields-crash",
        "falls over an AARQ with fields that are rarely used",
        _FIELDS,
        ("DLMS-AA-11:public-same",),
        also=("DLMS-AA-*",),  # until the meter is there again
    ),
    wan_fault(
        "fields-refused",
        "refuses an AARQ with fields that are rarely used",
        _FIELDS,
        ("DLMS-AA-11:public-same", "DLMS-AA-11:lls-same"),
    ),
    wan_fault(
        "title-length-unchecked",
        "takes a calling AP-title of any length",
        _FIELDS,
        (
            "DLMS-AA-12:1-rejected",
            "DLMS-AA-12:10-rejected",
            "DLMS-AA-12:ciphered-1-rejected",
            "DLMS-AA-12:ciphered-10-rejected",
        ),
        also=("DLMS-AA-12:*-shut",),
    ),
    wan_fault(
        "lls-always-fail",
        "refuses the right password, too",
        _AUTHENTICATION,
        ("DLMS-AA-13:accepted",),
        also=("DLMS-AA-14:right-after", "DLMS-AA-11:lls-without"),
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
        "auth-skippable",
        "opens an association without the authentication that it needs",
        _AUTHENTICATION,
        (
            "DLMS-AA-15:lls-rejected",
            "DLMS-AA-15:lls-shut",
            "DLMS-AA-15:main-rejected",
            "DLMS-AA-15:main-shut",
        ),
    ),
    wan_fault(
        "mech-unchecked",
        "takes any mechanism name",
        _AUTHENTICATION,
        (
            "DLMS-AA-16:number-9-rejected",
            "DLMS-AA-16:number-9-shut",
            "DLMS-AA-16:foreign-arc-rejected",
        ),
        also=("DLMS-AA-16:*",),
    ),
    wan_fault(
        "mech-arcs-unchecked",
        "takes any name for a mechanism that ends in its number",
        _AUTHENTICATION,
        ("DLMS-AA-16:foreign-arc-rejected", "DLMS-AA-16:foreign-arc-shut"),
    ),
    wan_fault(
        "double-aarq",
        "answers a second AARQ as accepted and loses the association",
        _OPENING,
        ("DLMS-AA-17:usable",),
    ),
    wan_fault(
        "double-aarq-silent",
        "does not answer a second AARQ",
        _OPENING,
        ("DLMS-AA-17:answered",),
    ),
    wan_fault(
        "rlrq-needs-info",
        "refuses RLRQ without user information",
        _OPENING,
        ("DLMS-AA-19:without-information", "DLMS-AA-19:empty"),
        also=_ENDLESS,
    ),
    wan_fault(
        "rlrq-needs-reason",
        "refuses RLRQ without a reason",
        _OPENING,
        ("DLMS-AA-19:empty",),
    ),
    wan_fault(
        "public-write",
        "lets the public client write and invoke like the management",
        _RIGHTS,
        ("DLMS-AA-20:set-denied", "DLMS-AA-20:action-refused", "DLMS-AA-20:action-denied"),
    ),
    wan_fault(
        "public-denied-otherwise",
        "says other-reason where the public client has no right",
        _RIGHTS,
        ("DLMS-AA-20:set-denied", "DLMS-AA-20:action-denied"),
        Alteration(Stage.RESPONSE, _other_reason),
    ),
    wan_fault(
        "release-ignored",
        "answers RLRQ and keeps the association",
        _OPENING,
        ("DLMS-AA-18:over",),
        also=_ENDLESS,
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "aare-all-fields",
        "sends every optional field of AARE, RLRE and InitiateResponse that it may",
        _FIELDS,
        options(
            show_protocol_version=True,
            show_quality_of_service=True,
            show_title=True,
            show_mechanism=True,
            implementation_information=b"meterbench",
            rejection_has_initiate=True,
            release_information=True,
        ),
    ),
    wan_variation(
        "aare-long-lengths",
        "writes every length in AARE and RLRE in five octets",
        _FIELDS,
        options(long_lengths=5),
    ),
    wan_variation(
        "association-other-refusals",
        "rejects a second AARQ and DLMS version 7, and calls a missing mechanism name that",
        _OPENING,
        options(second_aarq="reject", version_above_6=False, missing_authentication=12),
    ),
    wan_variation(
        "association-silent-refusals",
        "does not answer what was not agreed on, or asked for without an association",
        _OPENING,
        options(
            without_association=Refusal.SILENCE,
            not_negotiated=Refusal.SILENCE,
            release_without_association=Refusal.SILENCE,
        ),
    ),
    wan_variation(
        "release-without-reason",
        "answers RLRQ by 63 00",
        _OPENING,
        options(release_reason=False),
    ),
    wan_variation(
        "other-client-saps",
        "knows its clients by other addresses",
        _OPENING,
        options(saps=_OTHER_SAPS),
        declares={f"{name}_client": sap for name, sap in _OTHER_SAPS.items()},
    ),
)
