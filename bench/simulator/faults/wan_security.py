"""Deviations of ciphering, keys and replay: area C6 of the catalogue."""

from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.wan_edit import wan_fault

_PROTECTION = "IEC-62056-5-3:5.3.7"
_NONCE = "IEC-62056-5-3:5.3.7.2"
_CIPHERED = "IEC-62056-5-3:5.5"

FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "sec-plain-answer",
        "answers ciphered requests in clear",
        _CIPHERED,
        ("DLMS-SEC-01:suite0-ciphered",),
        also=("DLMS-SEC-03:suite1-ciphered", "DLMS-SEC-04:suite2-ciphered"),
    ),
    wan_fault(
        "suite-echo",
        "names suite 0 in the security control of every answer",
        _PROTECTION,
        ("DLMS-SEC-03:suite1-control",),
        also=("DLMS-SEC-04:suite2-control",),  # whose answers name suite 0, too
    ),
    wan_fault(
        "suite2-128",
        "uses 128 bits of its 256-bit key",
        _PROTECTION,
        ("DLMS-SEC-04:opened",),
    ),
    wan_fault(
        "suite-mixed",
        "takes any suite in the security control",
        _PROTECTION,
        ("DLMS-SEC-05:suite0", "DLMS-SEC-05:suite1", "DLMS-SEC-05:suite2"),
    ),
    wan_fault(
        "tag-unchecked",
        "takes any authentication tag",
        _PROTECTION,
        ("DLMS-SEC-06:suite0", "DLMS-SEC-06:suite1", "DLMS-SEC-06:suite2"),
        # any wrong octet goes unnoticed then, a tag that is cut too, and what was served counts
        also=("DLMS-SEC-06:*-uncounted", "DLMS-SEC-07", "DLMS-SEC-08"),
    ),
    wan_fault(
        "tag-truncated-compare",
        "compares four octets of authentication tags",
        _PROTECTION,
        ("DLMS-SEC-06:suite0", "DLMS-SEC-06:suite1", "DLMS-SEC-06:suite2"),
        also=("DLMS-SEC-06:*-uncounted",),  # what was served counts
    ),
    wan_fault(
        "tag-short",
        "takes a tag of 11 octets, or none",
        _PROTECTION,
        ("DLMS-SEC-07:suite0", "DLMS-SEC-07:suite1", "DLMS-SEC-07:suite2"),
        also=("DLMS-SEC-07:*-uncounted",),  # what was served counts
    ),
    wan_fault(
        "aad-missing-sc",
        "leaves the security control out of what it authenticates",
        _PROTECTION,
        ("DLMS-SEC-08:suite0-control",),
        # another suite in the control is one of its bits
        also=("DLMS-SEC-05", "DLMS-SEC-08:*-control", "DLMS-SEC-08:*-uncounted"),
    ),
    wan_fault(
        "forged-counted",
        "counts the invocation counters of requests that are not authentic",
        _NONCE,
        ("DLMS-SEC-06:suite0-uncounted",),
        also=("DLMS-SEC-06:*-uncounted", "DLMS-SEC-07:*-uncounted", "DLMS-SEC-08:*-uncounted"),
    ),
)

VARIATIONS: tuple[Variation, ...] = ()
