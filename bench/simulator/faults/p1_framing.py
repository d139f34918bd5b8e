"""Faults of line format, header, lines and end mark: catalogue rows P1-A-001 to P1-A-011.

The CRC is right in all of them, so that only the clause they break can catch them.
"""

from dataclasses import replace

from bench.simulator.faults.fault import Alteration, Fault
from bench.simulator.faults.p1_edit import (
    body,
    header,
    line,
    says,
    sometimes,
    value,
    wire,
)

_UNREADABLE = ("P1-A-*",)  # no telegram reaches the bench, so no case can find what it looks for
_TEXT = "0-0:96.13.0"
_CR_LF = b"\r\n"


def _fault(
    name: str,
    summary: str,
    clause: str,
    killers: tuple[str, ...],
    *alterations: Alteration,
    also: tuple[str, ...] = (),
    profile: str = "nl50",
) -> Fault:
    return Fault(f"p1.{name}", "p1", summary, clause, profile, killers, also, alterations)


_PHYSICAL = "DSMR-5.0.2:6.1"
_LEGACY = "DSMR-3.0:5.1"
_LAYOUT = "DSMR-5.0.2:6.2"
_HANDSHAKE = "DSMR-5.0.2:6.3"
_REPRESENTATION = "DSMR-5.0.2:6.4"
_LINES = "DSMR-5.0.2:6.12"


_LINE_FORMAT = (
    _fault(
        "uart-9600",
        "sends at 9600 bd instead of 115200 bd",
        _PHYSICAL,
        ("P1-A-001:telegrams", "P1-A-001:line-format"),
        line(lambda found: replace(found, baud_bd=9600)),
        also=_UNREADABLE,
    ),
    _fault(
        "uart-7e1",
        "sends seven data bits with even parity instead of 8N1",
        _PHYSICAL,
        ("P1-A-001:telegrams", "P1-A-001:line-format"),
        line(lambda found: replace(found, data_bits=7, parity="E")),
        also=_UNREADABLE,
    ),
    _fault(
        "uart-8e1",
        "sends a parity bit where the receiver expects the stop bit",
        _PHYSICAL,
        ("P1-A-001:uart-errors", "P1-A-001:line-format"),
        line(lambda found: replace(found, parity="E")),
    ),
    _fault(
        "uart-two-stop-bits",
        "sends two stop bits",
        _PHYSICAL,
        ("P1-A-001:line-format",),
        line(lambda found: replace(found, stop_bits=2)),
    ),
    _fault(
        "legacy-uart-115200",
        "sends at 115200 bd where the edition prescribes 9600 bd",
        _LEGACY,
        ("P1-A-002:telegrams", "P1-A-002:line-format"),
        line(lambda found: replace(found, baud_bd=115200)),
        also=_UNREADABLE,
        profile="nl30",
    ),
    _fault(
        "legacy-parity-mark",
        "sends 8N1 with bit 7 always set, so that half of the parity bits are wrong",
        _LEGACY,
        ("P1-A-002:uart-errors", "P1-A-002:line-format"),
        line(lambda found: replace(found, data_bits=8, parity="N")),
        wire(lambda octets: bytes(octet | 0x80 for octet in octets)),
        profile="nl30",
    ),
    _fault(
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

_HEADER = (
    _fault(
        "start-blank",
        "sends a blank before the '/'",
        _LAYOUT,
        ("P1-A-003:start",),
        wire(lambda octets: b" " + octets),
        also=("P1-A-009:nothing-between",),  # the same blank follows the telegram before
    ),
    _fault(
        "baud-digit-3",
        "announces 3 as its baud digit",
        _LAYOUT,
        ("P1-A-004:baud-digit",),
        header(lambda text: f"{text[:4]}3{text[5:]}"),
    ),
    _fault(
        "flag-id-digit",
        "has a digit in its FLAG id",
        _LAYOUT,
        ("P1-A-004:flag-id",),
        header(lambda text: f"/I2K{text[4:]}"),
    ),
    _fault(
        "flag-id-short",
        "has a FLAG id of two letters",
        _LAYOUT,
        ("P1-A-004:flag-id",),
        header(lambda text: f"/IS{text[4:]}"),
        also=("P1-A-004:baud-digit",),  # it stands one place too early
    ),
    _fault(
        "identification-control",
        "has a control character in its identification",
        _LAYOUT,
        ("P1-A-005:printable",),
        header(lambda text: f"{text[:7]}\x02{text[7:]}"),
        also=("P1-A-010:ascii",),  # 0x02 is not text anywhere
    ),
    _fault(
        "identification-empty",
        "has an empty identification",
        _LAYOUT,
        ("P1-A-005:not-empty",),
        header(lambda _text: "/KAM5"),
    ),
    _fault(
        "blank-line-missing",
        "sends no empty line after the header",
        _LAYOUT,
        ("P1-A-006:blank-line",),
        body(lambda octets: octets.replace(_CR_LF * 2, _CR_LF, 1)),
    ),
    _fault(
        "blank-line-twice",
        "sends two empty lines after the header",
        _LAYOUT,
        ("P1-A-006:blank-line",),
        body(lambda octets: octets.replace(_CR_LF * 2, _CR_LF * 3, 1)),
    ),
    _fault(
        "blank-line-before-end",
        "sends a second empty line before the end mark",
        _LAYOUT,
        ("P1-A-006:blank-line",),
        body(lambda octets: octets[:-1] + _CR_LF + b"!"),
    ),
)


def _one_bare_lf(octets: bytes) -> bytes:
    middle = octets.index(_CR_LF, len(octets) // 2)
    return octets[:middle] + octets[middle + 1 :]


_LINE_ENDS = (
    _fault(
        "line-end-lf",
        "ends all lines with LF alone",
        _LINES,
        ("P1-A-007:line-ends",),
        body(lambda octets: octets.replace(_CR_LF, b"\n")),
        wire(lambda octets: octets.replace(_CR_LF, b"\n")),
    ),
    _fault(
        "line-end-cr",
        "ends all lines with CR alone",
        _LINES,
        ("P1-A-007:line-ends",),
        body(lambda octets: octets.replace(_CR_LF, b"\r")),
        wire(lambda octets: octets.replace(_CR_LF, b"\r")),
    ),
    _fault(
        "line-end-one-lf",
        "ends one line in the middle with LF alone",
        _LINES,
        ("P1-A-007:line-ends",),
        body(_one_bare_lf),
    ),
    _fault(
        "line-end-cr-cr-lf",
        "ends all lines with CR CR LF",
        _LINES,
        ("P1-A-007:line-ends",),
        body(lambda octets: octets.replace(_CR_LF, b"\r\r\n")),
        wire(lambda octets: octets.removesuffix(_CR_LF) + b"\r\r\n"),
    ),
    _fault(
        "line-end-last-lf",
        "ends the line of the end mark with LF alone",
        _LINES,
        ("P1-A-007:line-ends",),
        wire(lambda octets: octets.removesuffix(_CR_LF) + b"\n"),
    ),
)

_END = (
    _fault(
        "end-mark-missing",
        "leaves out the line of the end mark in every third telegram",
        _LAYOUT,
        ("P1-A-008:end-mark",),
        sometimes(wire(lambda octets: octets[: octets.rindex(b"!")])),
        also=("P1-A-020", "P1-A-021", "P1-A-024"),  # the CRC goes with it
    ),
    _fault(
        "end-mark-in-text",
        "sends the text message as plain text with a '!' in it",
        _LAYOUT,
        ("P1-A-008:end-mark",),
        says(_TEXT, "(meter reading! see letter)"),
        also=("P1-A-034:hex",),  # plain text is no octet string
    ),
    _fault(
        "end-mark-twice",
        "sends a second line with an end mark",
        _LAYOUT,
        ("P1-A-008:once",),
        wire(lambda octets: octets + b"!" + _CR_LF),
        also=("P1-A-009:nothing-between",),  # that line stands between two telegrams
    ),
    _fault(
        "after-end-text",
        "sends text after the CRC on the line of the end mark",
        _LAYOUT,
        ("P1-A-008:nothing-after",),
        wire(lambda octets: octets.removesuffix(_CR_LF) + b" v2" + _CR_LF),
    ),
    _fault(
        "after-end-object",
        "sends a data line after the line of the end mark",
        _LAYOUT,
        ("P1-A-009:nothing-between",),
        wire(lambda octets: octets + b"0-0:96.13.1()" + _CR_LF),
        also=("P1-A-008:nothing-after",),  # it follows the end mark
    ),
    _fault(
        "between-extra-line-end",
        "sends an additional CR LF after each telegram",
        _LAYOUT,
        ("P1-A-009:extra-crlf",),
        wire(lambda octets: octets + _CR_LF),
    ),
    _fault(
        "between-padding",
        "fills the pause with 0xFF",
        _LAYOUT,
        ("P1-A-009:nothing-between",),
        wire(lambda octets: octets + b"\xff" * 8),
        also=("P1-A-010:ascii",),  # 0xFF is not text
    ),
    _fault(
        "between-nul",
        "sends a NUL octet after each telegram",
        _LAYOUT,
        ("P1-A-009:nothing-between",),
        wire(lambda octets: octets + b"\x00"),
        also=("P1-A-010:ascii",),  # NUL is not text
    ),
)

_OCTETS = (
    _fault(
        "ascii-cubic-metre",
        "writes the unit of the gas volume with 0xB3, a superscript three",
        _REPRESENTATION,
        ("P1-A-010:ascii",),
        value("0-1:24.2.1", lambda text: text.replace("*m3", "*m\xb3")),
        also=("P1-A-032:unit",),  # that is not how the unit is spelled either
    ),
    _fault(
        "ascii-text-ff",
        "fills the text message with 0xFF octets",
        _REPRESENTATION,
        ("P1-A-010:ascii",),
        says(_TEXT, "(" + "\xff" * 64 + ")"),
        also=("P1-A-034:hex",),  # that is no octet string either
    ),
    _fault(
        "ascii-unit-degree",
        "writes a unit with 0xB0, a degree sign",
        _REPRESENTATION,
        ("P1-A-010:ascii",),
        value("1-0:32.7.0", lambda text: text.replace("*V", "*\xb0V")),
        also=("P1-A-032:unit",),  # that is not how the unit is spelled either
    ),
    _fault(
        "handshake-between",
        "sends XOFF and XON after each telegram",
        _HANDSHAKE,
        ("P1-A-011:no-handshake",),
        wire(lambda octets: octets + b"\x13\x11"),
        # they are no text, and they stand where nothing may
        also=("P1-A-009:nothing-between", "P1-A-010:ascii"),
    ),
    _fault(
        "handshake-inside",
        "sends XOFF and XON within a data line",
        _HANDSHAKE,
        ("P1-A-011:no-handshake",),
        value("1-0:32.7.0", lambda text: f"{text[:3]}\x13\x11{text[3:]}"),
        # they are no text, and the number around them has no format
        also=("P1-A-010:ascii", "P1-A-031:format"),
    ),
)

FAULTS: tuple[Fault, ...] = (*_LINE_FORMAT, *_HEADER, *_LINE_ENDS, *_END, *_OCTETS)
