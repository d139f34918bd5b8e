"""What a link can do, and how a recording ends; the words that cases and adapters share."""

from dataclasses import dataclass
from enum import StrEnum


class Capability(StrEnum):
    """What a link can do beyond reading octets; a case names what it `needs`."""

    WRITE = "write"  # octets can be sent
    TIMESTAMPS = "timestamps"  # arrival times mean something
    REQUEST_LINE = "request-line"  # the P1 data request can be raised and released
    UART_ERRORS = "uart-errors"  # framing and parity errors are counted
    LINE_FORMAT = "line-format"  # the character format on the wire is measured
    DEVICE_CONTROL = "device-control"  # the device's state can be commanded from outside
    SUPPLY = "supply-measurement"  # the port's supply can be loaded and measured
    S1_ACTIVITY = "s1-activity"  # whether the S1 port sends can be seen beside this link
    CONNECTION = "connection"  # it can be ended and made anew, and others can be made beside it
    LINE_SPEED = "line-speed"  # speed and character format can be changed while it is open
    EDGES = "edges"  # the instant of every character on the line is captured
    SAMPLING_INSTANTS = "sampling-instants"  # when the samples of a frame were due is known
    LEVELS = "levels"  # the voltage between the wires of the line is measured
    SOURCE = "source"  # what the meter is connected to can be set: a controlled source and load


@dataclass(frozen=True, slots=True)
class Supply:
    """What a port's supply pin gave under a load: volts and milliampere, U (k = 2) of each."""

    voltage_v: float
    current_ma: float
    voltage_u_v: float = 0.0
    current_u_ma: float = 0.0


class LinkEnded(Exception):
    """A recording is exhausted: an orderly end, not a failure. Raised by a link's `read`."""
