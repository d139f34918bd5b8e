"""Faults of the asynchronous line: catalogue rows P1-A-001 and P1-A-002."""

from dataclasses import replace

from bench.simulator.faults.fault import Fault
from bench.simulator.faults.p1_edit import line, p1_fault, value, wire

_PHYSICAL = "DSMR-5.0.2:6.1"
_LEGACY = "DSMR-3.0:5.1"
_UNREADABLE = ("P1-A-*",)  # no telegram reaches the bench, so no case can find what it looks for

FAULTS: tuple[Fault, ...] = (
    p1_fault(
        "uart-9600",
        "sends at 9600 bd instead of 115200 bd",
        _PHYSICAL,
        ("P1-A-001:telegrams", "P1-A-001:line-format"),
        line(lambda found: replace(found, baud_bd=9600)),
        also=_UNREADABLE,
    ),
    p1_fault(
        "uart-7e1",
        "sends seven data bits with even parity instead of 8N1",
        _PHYSICAL,
        ("P1-A-001:telegrams", "P1-A-001:line-format"),
        line(lambda found: replace(found, data_bits=7, parity="E")),
        also=_UNREADABLE,
    ),
    p1_fault(
        "uart-8e1",
        "sends a parity bit where the receiver expects the stop bit",
        _PHYSICAL,
        ("P1-A-001:uart-errors", "P1-A-001:line-format"),
        line(lambda found: replace(found, parity="E")),
    ),
    p1_fault(
        "uart-two-stop-bits",
        "sends two stop bits",
        _PHYSICAL,
        ("P1-A-001:line-format",),
        line(lambda found: replace(found, stop_bits=2)),
    ),
    p1_fault(
        "legacy-uart-115200",
        "sends at 115200 bd where the edition prescribes 9600 bd",
        _LEGACY,
        ("P1-A-002:telegrams", "P1-A-002:line-format"),
        line(lambda found: replace(found, baud_bd=115200)),
        also=_UNREADABLE,
        profile="nl30",
    ),
    p1_fault(
        "legacy-parity-mark",
        "sends 8N1 with bit 7 always set, so that half of the parity bits are wrong",
        _LEGACY,
        ("P1-A-002:uart-errors", "P1-A-002:line-format"),
        line(lambda found: replace(found, data_bits=8, parity="N")),
        wire(lambda octets: bytes(octet | 0x80 for octet in octets)),
        profile="nl30",
    ),
    p1_fault(
        "legacy-bit-7",
        "sets bit 7 in the octets of its identifier",
        _LEGACY,
        ("P1-A-002:seven-bit",),
        line(lambda _found: None),  # a UART set to seven bits would take it off
        value("0-0:96.1.1", lambda text: f"({''.join(chr(ord(c) | 0x80) for c in text[1:-1])})"),
        # such octets are neither text nor hexadecimal digits
        also=("P1-A-010:ascii", "P1-A-034:hex"),
        profile="nl30",
    ),
)
