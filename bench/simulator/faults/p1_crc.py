"""Faults of the CRC: catalogue rows P1-A-020 to P1-A-024. The telegrams are otherwise right."""

from bench.protocols.crc import ARC, XMODEM, crc16_arc, crc16_table
from bench.protocols.p1.encode import CR_LF, crc_digits
from bench.simulator.faults.fault import Alteration, Fault
from bench.simulator.faults.p1_edit import digits, wire
from bench.simulator.ports.p1 import Sealing, Stage

_CLAUSE = "DSMR-5.0.2:6.2"
_EVERY = ("P1-A-024:every-telegram",)  # a CRC that is never right is wrong in every telegram


def _wrong(name: str, summary: str, alteration: Alteration) -> Fault:
    killers = ("P1-A-020:crc",)
    return Fault(f"p1.crc-{name}", "p1", summary, _CLAUSE, "nl50", killers, _EVERY, (alteration,))


def _hex(value: int) -> bytes:
    return b"%04X" % value


def _one_digit_changed(octets: bytes) -> bytes:
    """Change a digit of the first import register without changing its format."""
    at = octets.index(b"1-0:1.8.1(") + len(b"1-0:1.8.1(") + 3
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


def _stale(sealing: Sealing, index: int) -> bytes:
    """Repeat the previous telegram's CRC in every fiftieth."""
    return crc_digits(sealing.previous) if index % 50 == 49 else sealing.digits


FAULTS: tuple[Fault, ...] = (
    _wrong("data-changed", "sends another digit than the CRC covers", wire(_one_digit_changed)),
    _wrong(
        "init-ffff",
        "starts the CRC with 0xFFFF",
        digits(lambda seal: _hex(crc16_table(seal.body, ARC, init=0xFFFF))),
    ),
    _wrong(
        "poly-1021",
        "computes the CRC with the polynomial 0x1021",
        digits(lambda seal: _hex(crc16_table(seal.body, ARC, poly=0x1021))),
    ),
    _wrong(
        "xmodem",
        "computes CRC-16/XMODEM, most significant bit first",
        digits(lambda seal: _hex(crc16_table(seal.body, XMODEM))),
    ),
    _wrong(
        "without-end-mark",
        "computes the CRC without the end mark",
        digits(lambda seal: _hex(crc16_arc(seal.body[:-1]))),
    ),
    _wrong(
        "with-line-end",
        "computes the CRC over a CR LF after the end mark, too",
        digits(lambda seal: _hex(crc16_arc(seal.body + CR_LF))),
    ),
    _wrong(
        "without-start",
        "computes the CRC without the '/'",
        digits(lambda seal: _hex(crc16_arc(seal.body[1:]))),
    ),
    _wrong(
        "swapped",
        "sends the CRC's octets in the wrong order",
        digits(lambda seal: seal.digits[2:] + seal.digits[:2]),
    ),
    Fault(
        "p1.crc-missing",
        "p1",
        "sends the end mark without a CRC",
        _CLAUSE,
        "nl50",
        ("P1-A-020:crc",),
        (*_EVERY, "P1-A-021:four-digits"),  # no digits are not four digits
        (digits(lambda _seal: b""),),
    ),
    Fault(
        "p1.crc-unpadded",
        "p1",
        "leaves out the CRC's leading zeros",
        _CLAUSE,
        "nl50",
        ("P1-A-021:four-digits",),
        (),
        (digits(lambda seal: seal.digits.lstrip(b"0") or b"0"),),
    ),
    Fault(
        "p1.crc-lower-case",
        "p1",
        "writes the CRC in lower case",
        _CLAUSE,
        "nl50",
        ("P1-A-022:upper-case",),
        (),
        (digits(lambda seal: seal.digits.lower()),),
    ),
    *(
        Fault(
            f"p1.crc-in-{profile}",
            "p1",
            "appends a CRC, which this edition does not have",
            "DSMR-3.0:5.2",
            profile,
            ("P1-A-023:no-crc",),
            (),
            (digits(lambda seal: crc_digits(seal.body)),),
        )
        for profile in ("nl30", "nl22")
    ),
    Fault(
        "p1.crc-stale",
        "p1",
        "repeats the CRC of the previous telegram in every fiftieth",
        _CLAUSE,
        "nl50",
        ("P1-A-024:every-telegram",),
        ("P1-A-020:crc",),  # it is wrong there
        (Alteration(Stage.DIGITS, _stale),),
    ),
)
