"""What a link can do, and how a recording ends; the words that cases and adapters share."""

from enum import StrEnum


class Capability(StrEnum):
    """What a link can do beyond reading octets; a case names what it `needs`."""

    WRITE = "write"  # octets can be sent
    TIMESTAMPS = "timestamps"  # arrival times mean something
    REQUEST_LINE = "request-line"  # the P1 data request can be raised and released
    UART_ERRORS = "uart-errors"  # framing and parity errors are counted
    LINE_FORMAT = "line-format"  # the character format on the wire is measured


class LinkEnded(Exception):
    """A recording is exhausted: an orderly end, not a failure. Raised by a link's `read`."""
