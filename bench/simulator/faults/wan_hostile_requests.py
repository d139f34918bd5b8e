"""Deviations under unknown, truncated, overlong and explosive requests: area C7."""

from bench.simulator.faults.fault import Fault
from bench.simulator.faults.wan_edit import wan_fault

_EXCHANGE = "IEC-62056-5-3:6.2"
_SIZES = "IEC-62056-5-3:6.3"
_LIMITS = "IEC-62056-5-3:5.3.2"

FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "tag-crash",
        "falls over APDUs with unknown tags",
        _EXCHANGE,
        ("DLMS-SVC-17:reads", "DLMS-SVC-17:alive"),
        also=("DLMS-ROB-01:alive",),  # random octets begin with unknown tags
    ),
    wan_fault(
        "tag-as-get",
        "takes APDUs with unknown tags for GETs",
        _EXCHANGE,
        ("DLMS-SVC-17:not-served",),
    ),
    wan_fault(
        "trunc-crash",
        "falls over truncated requests",
        _EXCHANGE,
        ("DLMS-SVC-18:get-reads", "DLMS-SVC-18:alive"),
        also=("DLMS-ROB-01:alive", "DLMS-SVC-*"),  # other wrong requests are cut, too
    ),
    wan_fault(
        "trunc-executed",
        "makes up what a truncated ACTION lacks, and invokes the method",
        _EXCHANGE,
        ("DLMS-SVC-18:action", "DLMS-SVC-18:not-executed"),
    ),
    wan_fault(
        "trunc-written",
        "makes up what a truncated SET lacks, and writes it",
        _EXCHANGE,
        ("DLMS-SVC-18:set", "DLMS-SVC-18:unchanged"),
    ),
    wan_fault(
        "trailing-crash",
        "falls over more than a few octets behind a request",
        _EXCHANGE,
        ("DLMS-SVC-19:reads", "DLMS-SVC-19:alive"),
        also=("DLMS-SVC-19:*",),
    ),
    wan_fault(
        "trailing-inconsistent",
        "refuses a request with more than a few octets behind it alone",
        _EXCHANGE,
        ("DLMS-SVC-19:consistent",),
    ),
    wan_fault(
        "len-bomb",
        "falls over deep nesting and over lengths of 4294967295",
        _LIMITS,
        ("DLMS-SVC-20:reads", "DLMS-SVC-20:alive"),
    ),
    wan_fault(
        "exceptions-late",
        "takes 1.5 s for an exception-response, within the 3 s that it declares",
        _LIMITS,
        ("DLMS-SVC-20:soon",),
        declares={"response_limit_s": 3.0},
    ),
    wan_fault(
        "oversize-crash",
        "falls over APDUs longer than it takes",
        _SIZES,
        ("DLMS-SVC-21:same-name", "DLMS-SVC-21:alive"),
    ),
    wan_fault(
        "oversize-other",
        "says other-reason for APDUs longer than it takes",
        _SIZES,
        ("DLMS-SVC-21:code",),
    ),
)
