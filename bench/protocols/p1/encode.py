r"""Build P1 telegrams, right ones in one call and wrong ones step by step.

A telegram is ``/XXX5Identification CR LF  CR LF  { line CR LF }*  ! HHHH CR LF`` (DSMR 5.0.2
§6.2). Each step is a function of its own, so that a deviation can be put in exactly where it
belongs: the line ends and the blank line before the CRC is computed, the CRC digits after.
"""

from collections.abc import Sequence

from bench.protocols.crc import crc16_arc

CR_LF = b"\r\n"


def encode_text(text: str) -> bytes:
    """Return one octet per character, so that U+0080..U+00FF give the octets a meter must not send.

    Raises UnicodeEncodeError for characters above U+00FF, which no octet stands for.
    """
    return text.encode("latin-1")


def encode_body(
    header: str,
    lines: Sequence[str],
    *,
    line_end: bytes = CR_LF,
    blank_lines: int = 1,
    end_mark: bytes = b"!",
) -> bytes:
    """Return the octets from the start character up to and including the end mark.

    `header` is the whole first line with its `/`; `lines` are the data lines without line ends (an
    element that holds CR LF itself becomes two lines, as DSMR 3.0's gas reading needs).
    """
    parts = [encode_text(header), *[b""] * blank_lines, *map(encode_text, lines)]
    return b"".join(part + line_end for part in parts) + end_mark


def crc_digits(body: bytes) -> bytes:
    """Return the four upper-case digits of CRC-16/ARC over `body`, `/` to `!` (§6.2)."""
    return b"%04X" % crc16_arc(body)


def seal(body: bytes, digits: bytes, *, line_end: bytes = CR_LF) -> bytes:
    """Return the telegram as sent: `body`, CRC digits (empty where there are none), line end."""
    return body + digits + line_end


def encode_telegram(header: str, lines: Sequence[str], *, crc: bool = True) -> bytes:
    """Return a whole telegram with its line ends, blank line, end mark and CRC.

    DSMR 2.2 and 3.0 have no CRC (`crc=False`): the last line is the end mark alone.
    """
    body = encode_body(header, lines)
    return seal(body, crc_digits(body) if crc else b"")
