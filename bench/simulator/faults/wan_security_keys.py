"""Deviations of invocation counters and of keys: area C6 of the catalogue."""

from bench.simulator.faults.fault import Fault
from bench.simulator.faults.wan_edit import wan_fault

_COUNTERS = "IEC-62056-5-3:5.3.8"
_NAMES = "IEC-62056-6-1:6.2"
_UNIQUE = "SP-800-38D:8.2"

FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "ic-not-checked",
        "takes any invocation counter",
        _COUNTERS,
        ("DLMS-SEC-11:suite0-again", "DLMS-SEC-11:suite1-again", "DLMS-SEC-11:suite2-again"),
        # lower ones, those after the last one, and those of earlier associations among them
        also=("DLMS-SEC-12:*-lower", "DLMS-SEC-13:*-wrap", "DLMS-SEC-15:*-replayed"),
    ),
    wan_fault(
        "ic-error-wrong-counter",
        "names the wrong counter when it refuses one",
        _COUNTERS,
        ("DLMS-SEC-11:suite0-again-code", "DLMS-SEC-12:suite0-lower-code"),
        also=("DLMS-SEC-11:*-code", "DLMS-SEC-12:*-code"),
    ),
    wan_fault(
        "ic-lower-accepted",
        "takes an invocation counter below the last one",
        _COUNTERS,
        ("DLMS-SEC-12:suite0-lower", "DLMS-SEC-12:suite1-lower", "DLMS-SEC-12:suite2-lower"),
        # those after the last one, and those of earlier associations among them
        also=("DLMS-SEC-13:*-wrap", "DLMS-SEC-15:*-replayed"),
    ),
    wan_fault(
        "ic-wrap",
        "expects 0 after the last invocation counter",
        _COUNTERS,
        ("DLMS-SEC-13:suite0-wrap", "DLMS-SEC-13:suite1-wrap", "DLMS-SEC-13:suite2-wrap"),
    ),
    wan_fault(
        "ic-jump-refused",
        "refuses counters far above the last one",
        _COUNTERS,
        ("DLMS-SEC-13:suite0-jump",),
        also=("DLMS-SEC-13:*",),  # nor does it get to the last ones
    ),
    wan_fault(
        "ic-shared",
        "keeps one counter for the unicast and the broadcast key",
        _COUNTERS,
        ("DLMS-SEC-14:opened",),
    ),
    wan_fault(
        "ic-reset-on-connect",
        "expects its first counter again in every new association",
        _COUNTERS,
        ("DLMS-SEC-15:suite0-replayed",),
        also=("DLMS-SEC-15:*-replayed",),
    ),
    wan_fault(
        "ic-object-wrong",
        "shows a counter that it does not expect",
        _NAMES,
        ("DLMS-SEC-16:suite0-value", "DLMS-SEC-16:suite1-value", "DLMS-SEC-16:suite2-value"),
    ),
    wan_fault(
        "ic-object-u16",
        "shows 16 bits of its counters",
        _NAMES,
        ("DLMS-SEC-16:suite0-type", "DLMS-SEC-16:suite1-type", "DLMS-SEC-16:suite2-type"),
    ),
    wan_fault(
        "server-iv-reuse",
        "uses one invocation counter for all its answers",
        _UNIQUE,
        ("DLMS-SEC-17:unique",),
        also=("DLMS-SEC-0?:*-counts",),  # which is then above no other
    ),
    wan_fault(
        "server-iv-per-association",
        "begins its own invocation counters again in every new association",
        _UNIQUE,
        ("DLMS-SEC-17:unique",),
    ),
)
