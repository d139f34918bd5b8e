"""Faults of header, lines, end mark and octets: catalogue rows P1-A-003 to P1-A-011.

The CRC is right in all of them, so that only the clause they break can catch them.
"""

from bench.simulator.faults.fault import Fault
from bench.simulator.faults.p1_edit import (
    body,
    header,
    p1_fault,
    says,
    sometimes,
    value,
    wire,
)

_TEXT = "0-0:96.13.0"
_CR_LF = b"\r\n"


_LAYOUT = "DSMR-5.0.2:6.2"
_HANDSHAKE = "DSMR-5.0.2:6.3"
_REPRESENTATION = "DSMR-5.0.2:6.4"
_LINES = "DSMR-5.0.2:6.12"


_HEADER = (
    p1_fault(
        "start-blank",
        "sends a blank before the '/'",
        _LAYOUT,
        ("P1-A-003:start",),
        wire(lambda octets: b" " + octets),
        also=("P1-A-009:nothing-between",),  # the same blank follows the telegram before
    ),
    p1_fault(
        "baud-digit-3",
        "announces 3 as its baud digit",
        _LAYOUT,
        ("P1-A-004:baud-digit",),
        header(lambda text: f"{text[:4]}3{text[5:]}"),
    ),
    p1_fault(
        "flag-id-digit",
        "has a digit in its FLAG id",
        _LAYOUT,
        ("P1-A-004:flag-id",),
        header(lambda text: f"/I2K{text[4:]}"),
    ),
    p1_fault(
        "flag-id-short",
        "has a FLAG id of two letters",
        _LAYOUT,
        ("P1-A-004:flag-id",),
        header(lambda text: f"/IS{text[4:]}"),
        also=("P1-A-004:baud-digit",),  # it stands one place too early
    ),
    p1_fault(
        "identification-control",
        "has a control character in its identification",
        _LAYOUT,
        ("P1-A-005:printable",),
        header(lambda text: f"{text[:7]}\x02{text[7:]}"),
        also=("P1-A-010:ascii",),  # 0x02 is not text anywhere
    ),
    p1_fault(
        "identification-empty",
        "has an empty identification",
        _LAYOUT,
        ("P1-A-005:not-empty",),
        header(lambda _text: "/KAM5"),
    ),
    p1_fault(
        "blank-line-missing",
        "sends no empty line after the header",
        _LAYOUT,
        ("P1-A-006:blank-line",),
        body(lambda octets: octets.replace(_CR_LF * 2, _CR_LF, 1)),
    ),
    p1_fault(
        "blank-line-twice",
        "sends two empty lines after the header",
        _LAYOUT,
        ("P1-A-006:blank-line",),
        body(lambda octets: octets.replace(_CR_LF * 2, _CR_LF * 3, 1)),
    ),
    p1_fault(
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
    p1_fault(
        "line-end-lf",
        "ends all lines with LF alone",
        _LINES,
        ("P1-A-007:line-ends",),
        body(lambda octets: octets.replace(_CR_LF, b"\n")),
        wire(lambda octets: octets.replace(_CR_LF, b"\n")),
    ),
    p1_fault(
        "line-end-cr",
        "ends all lines with CR alone",
        _LINES,
        ("P1-A-007:line-ends",),
        body(lambda octets: octets.replace(_CR_LF, b"\r")),
        wire(lambda octets: octets.replace(_CR_LF, b"\r")),
    ),
    p1_fault(
        "line-end-one-lf",
        "ends one line in the middle with LF alone",
        _LINES,
        ("P1-A-007:line-ends",),
        body(_one_bare_lf),
    ),
    p1_fault(
        "line-end-cr-cr-lf",
        "ends all lines with CR CR LF",
        _LINES,
        ("P1-A-007:line-ends",),
        body(lambda octets: octets.replace(_CR_LF, b"\r\r\n")),
        wire(lambda octets: octets.removesuffix(_CR_LF) + b"\r\r\n"),
    ),
    p1_fault(
        "line-end-last-lf",
        "ends the line of the end mark with LF alone",
        _LINES,
        ("P1-A-007:line-ends",),
        wire(lambda octets: octets.removesuffix(_CR_LF) + b"\n"),
    ),
)

_END = (
    p1_fault(
        "end-mark-missing",
        "leaves out the line of the end mark in every third telegram",
        _LAYOUT,
        ("P1-A-008:end-mark",),
        sometimes(wire(lambda octets: octets[: octets.rindex(b"!")])),
        also=("P1-A-020", "P1-A-021", "P1-A-024"),  # the CRC goes with it
    ),
    p1_fault(
        "end-mark-in-text",
        "sends the text message as plain text with a '!' in it",
        _LAYOUT,
        ("P1-A-008:end-mark",),
        says(_TEXT, "(meter reading! see letter)"),
        also=("P1-A-034:hex",),  # plain text is no octet string
    ),
    p1_fault(
        "end-mark-twice",
        "sends a second line with an end mark",
        _LAYOUT,
        ("P1-A-008:once",),
        wire(lambda octets: octets + b"!" + _CR_LF),
        also=("P1-A-009:nothing-between",),  # that line stands between two telegrams
    ),
    p1_fault(
        "after-end-text",
        "sends text after the CRC on the line of the end mark",
        _LAYOUT,
        ("P1-A-008:nothing-after",),
        wire(lambda octets: octets.removesuffix(_CR_LF) + b" v2" + _CR_LF),
    ),
    p1_fault(
        "after-end-object",
        "sends a data line after the line of the end mark",
        _LAYOUT,
        ("P1-A-009:nothing-between",),
        wire(lambda octets: octets + b"0-0:96.13.1()" + _CR_LF),
        also=("P1-A-008:nothing-after",),  # it follows the end mark
    ),
    p1_fault(
        "between-extra-line-end",
        "sends an additional CR LF after each telegram",
        _LAYOUT,
        ("P1-A-009:extra-crlf",),
        wire(lambda octets: octets + _CR_LF),
    ),
    p1_fault(
        "between-padding",
        "fills the pause with 0xFF",
        _LAYOUT,
        ("P1-A-009:nothing-between",),
        wire(lambda octets: octets + b"\xff" * 8),
        also=("P1-A-010:ascii",),  # 0xFF is not text
    ),
    p1_fault(
        "between-nul",
        "sends a NUL octet after each telegram",
        _LAYOUT,
        ("P1-A-009:nothing-between",),
        wire(lambda octets: octets + b"\x00"),
        also=("P1-A-010:ascii",),  # NUL is not text
    ),
)

_OCTETS = (
    p1_fault(
        "ascii-cubic-metre",
        "writes the unit of the gas volume with 0xB3, a superscript three",
        _REPRESENTATION,
        ("P1-A-010:ascii",),
        value("0-1:24.2.1", lambda text: text.replace("*m3", "*m\xb3")),
        also=("P1-A-032:unit",),  # that is not how the unit is spelled either
    ),
    p1_fault(
        "ascii-text-ff",
        "fills the text message with 0xFF octets",
        _REPRESENTATION,
        ("P1-A-010:ascii",),
        says(_TEXT, "(" + "\xff" * 64 + ")"),
        also=("P1-A-034:hex",),  # that is no octet string either
    ),
    p1_fault(
        "ascii-unit-degree",
        "writes a unit with 0xB0, a degree sign",
        _REPRESENTATION,
        ("P1-A-010:ascii",),
        value("1-0:32.7.0", lambda text: text.replace("*V", "*\xb0V")),
        also=("P1-A-032:unit",),  # that is not how the unit is spelled either
    ),
    p1_fault(
        "handshake-between",
        "sends XOFF and XON after each telegram",
        _HANDSHAKE,
        ("P1-A-011:no-handshake",),
        wire(lambda octets: octets + b"\x13\x11"),
        # they are no text, and they stand where nothing may
        also=("P1-A-009:nothing-between", "P1-A-010:ascii"),
    ),
    p1_fault(
        "handshake-inside",
        "sends XOFF and XON within a data line",
        _HANDSHAKE,
        ("P1-A-011:no-handshake",),
        value("1-0:32.7.0", lambda text: f"{text[:3]}\x13\x11{text[3:]}"),
        # they are no text, and the number around them has no format
        also=("P1-A-010:ascii", "P1-A-031:format"),
    ),
)

FAULTS: tuple[Fault, ...] = (*_HEADER, *_LINE_ENDS, *_END, *_OCTETS)
