"""Deviations of block transfer, of the services and the general one: area C7 of the catalogue."""

from bench.simulator.faults.fault import Fault
from bench.simulator.faults.wan_edit import wan_fault

_SET = "IEC-62056-5-3:6.7"
_ACTION = "IEC-62056-5-3:6.8"
_GBT = "IEC-62056-5-3:6.13"
_PROTOCOL = "IEC-62056-5-3:7.3"

FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "block-number-from-0",
        "counts the blocks of a GET from 0",
        _PROTOCOL,
        ("DLMS-SVC-10:numbers", "DLMS-SVC-10:joined"),
        also=("DLMS-AA-07:read",),  # reads in blocks, too
    ),
    wan_fault(
        "last-block-missing",
        "does not mark the last block of a GET",
        _PROTOCOL,
        ("DLMS-SVC-10:last", "DLMS-SVC-10:joined"),
        also=("DLMS-AA-07:read",),  # reads in blocks, too
    ),
    wan_fault(
        "block-octet-lost",
        "leaves out the first octet of the second block of a GET",
        _PROTOCOL,
        ("DLMS-SVC-10:joined",),
        also=("DLMS-AA-07:read",),  # reads in blocks, too
    ),
    wan_fault(
        "block-number-unchecked",
        "takes any block number",
        _PROTOCOL,
        (
            "DLMS-SVC-11:skipped",
            "DLMS-SVC-11:repeated",
            "DLMS-SVC-14:wrong-number",
            "DLMS-SVC-15:wrong-number",
            "DLMS-SVC-15:wrong-number-unexecuted",
        ),
        also=("DLMS-SVC-11:*", "DLMS-SVC-14:wrong-number-unwritten"),
    ),
    wan_fault(
        "block-abort-ignored",
        "refuses a wrong block number, and goes on with the transfer",
        _PROTOCOL,
        ("DLMS-SVC-11:skipped-aborted", "DLMS-SVC-11:repeated-aborted"),
    ),
    wan_fault(
        "next-crash",
        "falls over a request for the block after 0 without a transfer",
        _PROTOCOL,
        ("DLMS-SVC-12:after-0", "DLMS-SVC-12:reads"),
    ),
    wan_fault(
        "block-mix",
        "goes on with a transfer when another request comes between, mixing both",
        _PROTOCOL,
        ("DLMS-SVC-13:not-mixed",),
    ),
    wan_fault(
        "partial-set",
        "writes what has come of a value before its last block",
        _SET,
        ("DLMS-SVC-14:last-lost",),
        also=("DLMS-SVC-14:*", "DLMS-SVC-08:unchanged"),  # too long a value goes in blocks
    ),
    wan_fault(
        "set-block-ack-wrong",
        "acknowledges blocks of a SET with the next number",
        _PROTOCOL,
        tuple(f"DLMS-SVC-14:acknowledged-{count}" for count in (2, 3, 5)),
        also=("DLMS-SVC-14:*", "DLMS-SVC-08:refused"),  # too long a value goes in blocks
    ),
    wan_fault(
        "pblock-early",
        "invokes a method with every block of its parameters",
        _ACTION,
        ("DLMS-SVC-15:counted", "DLMS-SVC-15:last-lost"),
        also=("DLMS-SVC-15:*",),
    ),
    wan_fault(
        "pblock-executed-twice",
        "invokes a method twice when its parameters came in blocks",
        _ACTION,
        ("DLMS-SVC-15:counted",),
    ),
    wan_fault(
        "gbt-window",
        "sends all blocks at once, whatever the client can take",
        _GBT,
        ("DLMS-SVC-16:window-1", "DLMS-SVC-16:window-2", "DLMS-SVC-16:window-3"),
        also=("DLMS-SVC-16:*",),  # blocks that the client cannot take are lost
    ),
    wan_fault(
        "gbt-loss-unrepaired",
        "does not send again what the client lacks",
        _GBT,
        ("DLMS-SVC-16:lost-answer",),
    ),
    wan_fault(
        "gbt-ack-wrong",
        "acknowledges no general block",
        _GBT,
        tuple(f"DLMS-SVC-16:numbers-{window}" for window in (1, 2, 3)),
        also=("DLMS-SVC-16:*",),
    ),
)
