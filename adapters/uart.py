"""What the operating system knows of a UART: its error counters and the adapter around it."""

import contextlib
import struct
from pathlib import Path

from serial.tools import list_ports

from bench.core.line import LineErrors

_TIOCGICOUNT = 0x545D
_COUNTERS = struct.Struct("20i")  # struct serial_icounter_struct of linux/serial.h
_FRAME, _OVERRUN, _PARITY, _BUFFER_OVERRUN = 6, 7, 8, 10


def error_counters(descriptor: int) -> LineErrors | None:
    """Return the driver's counts since it was loaded, None where it has none (a pty)."""
    try:
        import fcntl

        counts = _COUNTERS.unpack(fcntl.ioctl(descriptor, _TIOCGICOUNT, bytes(_COUNTERS.size)))
    except (ImportError, OSError):
        return None
    return LineErrors(
        framing=counts[_FRAME],
        parity=counts[_PARITY],
        overrun=counts[_OVERRUN] + counts[_BUFFER_OVERRUN],
    )


def describe_port(port: str) -> dict[str, str]:
    """Return driver, USB product and serial number of `port`, as far as they are known."""
    described: dict[str, str] = {}
    for found in list_ports.comports(include_links=True):
        if found.device == port:
            facts = {
                "product": found.product or found.description,
                "manufacturer": found.manufacturer,
                "serial_number": found.serial_number,
                "location": found.location,
            }
            described = {k: str(v) for k, v in facts.items() if v and v != "n/a"}
    device = Path("/sys/class/tty") / Path(port).resolve().name / "device"
    driver = device / "driver"
    if driver.exists():
        described["driver"] = driver.resolve().name
    with contextlib.suppress(OSError):  # only FTDI adapters have one
        described["latency_timer_ms"] = (device / "latency_timer").read_text().strip()
    return described
