"""Octets of an asynchronous line: a local port, or whatever the serial library reaches by URL.

Stamps are taken in software when a read returns. The operating system keeps none for a tty, so
the uncertainty is that of the adapter and the scheduler; `meterbench calibrate` measures it.
"""

import contextlib
import os
import re
import sys
import warnings
from urllib.parse import urlsplit

import serial

from adapters.base import Capability, Link, LinkUrl
from adapters.options import choice, line_settings, uncertainty_s
from adapters.reader import ChunkReader
from adapters.serial_failures import open_failure
from adapters.sign_on import sign_on, sign_on_options
from adapters.uart import describe_port, error_counters
from bench.core.clock import Clock
from bench.core.errors import AdapterLost, AdapterUnavailable, UsageError
from bench.core.line import LineErrors, LineSettings
from bench.core.trace import Chunk
from bench.protocols.iec62056_21 import START_LINE

#: a read that gets nothing returns after this time, where it cannot be woken
POLL_S = 0.2
WRITE_TIMEOUT_S = 10.0
UNCERTAINTY_S = 0.005
RFC2217_UNCERTAINTY_S = 0.010

_OPTIONS = ("address", "baud", "format", "invert", "request", "start", "u_ms")
_NETWORK = ("rfc2217", "socket")  # schemes of the serial library that name a host and a port


class SerialLink(Link):
    """A serial port: `serial:///dev/ttyUSB0`, `serial:COM3`, `serial:rfc2217://host:port`.

    Options: `baud`, `format` (8N1, 7E1); `request` = rts or dtr for the modem line that drives
    the P1 data request, raised while the link is open, or always (default) where it is wired to
    a fixed level; `invert` = yes when the adapter turns that level round; `u_ms`; `start` = mode-e
    signs on to a meter (`adapters.sign_on`), with `address` and another meaning of `baud`. Other
    options are handed to the serial library.
    """

    def __init__(
        self, url: LinkUrl, clock: Clock, port: serial.Serial, settings: LineSettings
    ) -> None:
        self.url = url
        self.clock = clock
        self.identity = _identity(port)
        remote = _library_scheme(str(port.port)) == "rfc2217"
        default_s = RFC2217_UNCERTAINTY_S if remote else UNCERTAINTY_S
        self.timing_uncertainty_s = uncertainty_s(url, default_s)
        self.settings = settings
        self._port = port
        self._request = _request_line(url)
        self._inverted = _inverted(url)
        self._closed = False
        capabilities = {Capability.WRITE, Capability.TIMESTAMPS}
        if _library_scheme(str(port.port)) != "socket":
            capabilities.add(Capability.LINE_SPEED)
        if self._request:
            capabilities.add(Capability.REQUEST_LINE)
        self._errors_at_open = self._count_errors()
        if self._errors_at_open is not None:
            capabilities.add(Capability.UART_ERRORS)
        self.capabilities = frozenset(capabilities)
        self._low_latency = _reduce_latency(port)
        self._reader = ChunkReader(str(url), clock, self._receive, self._wake)

    @classmethod
    def open(cls, url: LinkUrl, line: LineSettings, clock: Clock) -> "SerialLink":
        """Return the open port, locked for this process; the errors say what to do."""
        if not url.target:
            raise UsageError(
                f"link {url.text!r} names no port; write for example serial:///dev/ttyUSB0"
            )
        target = _library_url(url)
        how = sign_on_options(url)
        # the sign-on sets its own format, which not every port has
        settings = line_settings(url, line) if how is None else LineSettings(START_LINE.baud_bd)
        uncertainty_s(url, UNCERTAINTY_S)
        line_name, inverted = _request_line(url), _inverted(url)
        if how is not None and _library_scheme(target) == "socket":
            raise UsageError(
                f"link {url.text!r}: the speed behind a raw socket cannot be changed, which "
                "start=mode-e needs; use rfc2217://"
            )
        if line_name and _library_scheme(target) == "socket":
            raise UsageError(
                f"link {url.text!r}: a raw socket has no {line_name.upper()} line; "
                "use rfc2217:// or request=always"
            )
        port = _prepare(url, target, settings)
        if line_name:
            setattr(port, line_name, not inverted)
        try:
            with warnings.catch_warnings():
                # the RFC 2217 client of pyserial 3.5 names its thread in a deprecated way
                warnings.simplefilter("ignore", DeprecationWarning)
                port.open()
        except Exception as error:
            _release(port)
            raise open_failure(url, str(port.port), settings, error) from error
        try:
            if line_name:
                _prove_line(url, port, line_name, not inverted)
            link = cls(url, clock, port, settings)
        except BaseException:
            _release(port)
            raise
        if how is not None:
            try:
                sign_on(link, how)
            except BaseException:
                link.close()
                raise
        return link

    def read(self, until_ns: int) -> Chunk | None:
        """Return what arrived; AdapterLost when the port is gone."""
        return self._reader.read(until_ns)

    def listen(self) -> None:
        """Keep what arrives again."""
        self._reader.listen()

    def rest(self) -> None:
        """Let go by what arrives, and forget what has."""
        self._reader.rest()

    def write(self, octets: bytes) -> int:
        """Hand all of `octets` to the driver; AdapterLost when it does not take them."""
        self._check_open()
        try:
            self._port.write(octets)
        except serial.SerialTimeoutException:
            lost = AdapterLost(f"{self.url}: the port took no octets for {WRITE_TIMEOUT_S:g} s")
            raise self._reader.lose(lost) from None
        except OSError as error:
            raise self._reader.lose(AdapterLost(self._lost(error))) from error
        return self.clock.now()

    def request(self, active: bool) -> int:
        """Raise or release the modem line that drives the P1 data request."""
        if not self._request:
            return super().request(active)
        self._check_open()
        try:
            setattr(self._port, self._request, active != self._inverted)
        except OSError as error:
            raise self._reader.lose(AdapterLost(self._lost(error))) from error
        return self.clock.now()

    def set_line(self, line: LineSettings) -> int:
        """Change speed and character format once what was written has left.

        A pseudo terminal carries octets as they are and has only the speed, as a number.
        """
        if Capability.LINE_SPEED not in self.capabilities:
            return super().set_line(line)
        self._check_open()
        settings: dict[str, int | str] = {"baudrate": line.baud_bd}
        if not _is_pseudo(self._port):
            settings |= {
                "bytesize": line.data_bits,
                "parity": line.parity,
                "stopbits": line.stop_bits,
            }
        try:
            self._port.flush()
            self._port.apply_settings(settings)
        except OSError as error:
            raise self._reader.lose(AdapterLost(self._lost(error))) from error
        except Exception as error:  # termios.error, where there is termios, is no OSError
            raise UsageError(f"{self.url}: the port does not accept {line} ({error})") from error
        self.settings = line
        return self.clock.now()

    def line_errors(self) -> LineErrors:
        """Return the driver's error counts since opening."""
        start = self._errors_at_open
        if start is None:
            return super().line_errors()
        self._check_open()
        now = self._count_errors()
        if now is None:
            raise AdapterLost(f"{self.url}: the port is gone: its counters cannot be read")
        return LineErrors(
            now.framing - start.framing, now.parity - start.parity, now.overrun - start.overrun
        )

    def close(self) -> None:
        """Release the data request, end the reader and free the port."""
        if self._closed:
            return
        self._closed = True
        if self._request:
            with contextlib.suppress(OSError):  # the port may be gone already
                setattr(self._port, self._request, self._inverted)
        self._reader.close()
        _release(self._port)

    def describe(self) -> dict[str, str]:
        """Return port, character format, driver, USB product and serial number."""
        port = str(self._port.port)
        described = super().describe() | {"port": port, "line": str(self.settings)}
        if "://" not in port:
            described["low_latency"] = "yes" if self._low_latency else "no"
            described |= describe_port(port)
        return described

    def _receive(self) -> bytes | None:
        try:
            octets: bytes = self._port.read(1)
            if not octets:
                return None
            with contextlib.suppress(OSError):  # gone meanwhile: the next read says so
                waiting = self._port.in_waiting
                if waiting:
                    octets += self._port.read(waiting)
        except OSError as error:
            raise AdapterLost(self._lost(error)) from error
        return octets

    def _wake(self) -> None:
        cancel = getattr(self._port, "cancel_read", None)
        if cancel is not None:
            with contextlib.suppress(Exception):  # else the read ends after POLL_S
                cancel()

    def _count_errors(self) -> LineErrors | None:
        descriptor = getattr(self._port, "fd", None)
        return None if descriptor is None else error_counters(descriptor)

    def _check_open(self) -> None:
        if self._closed:
            raise AdapterLost(f"{self.url}: the link was closed by the bench")

    def _lost(self, error: OSError) -> str:
        port = str(self._port.port)
        if "://" in port:
            return f"{self.url}: the connection to the port is gone ({error})"
        if os.name == "posix" and not os.path.exists(port):
            return f"{self.url}: {port} has vanished: was the cable or the adapter unplugged?"
        return f"{self.url}: the port does not work any more: check cable and adapter ({error})"


def _prepare(url: LinkUrl, target: str, settings: LineSettings) -> serial.Serial:
    """Return the port with its settings, not yet open."""
    remote = _library_scheme(target) == "rfc2217"
    try:
        return serial.serial_for_url(
            target,
            do_not_open=True,
            baudrate=settings.baud_bd,
            bytesize=settings.data_bits,
            parity=settings.parity,
            stopbits=settings.stop_bits,
            timeout=POLL_S,
            # the RFC 2217 client of pyserial 3.5 refuses a limit
            write_timeout=None if remote else WRITE_TIMEOUT_S,
            exclusive=True if os.name == "posix" else None,
        )
    except re.error as error:
        raise UsageError(
            f"link {url.text!r}: what follows hwgrep:// is no regular expression ({error})"
        ) from error
    except (ValueError, OSError) as error:
        if isinstance(error, ValueError) and "protocol" in str(error):
            raise UsageError(
                f"link {url.text!r}: the serial library knows no {_library_scheme(target)}://; "
                "it has rfc2217, socket, spy, loop and hwgrep"
            ) from error
        raise open_failure(url, target, settings, error) from error


def _library_scheme(target: str) -> str:
    return target.partition("://")[0].lower() if "://" in target else ""


def _library_url(url: LinkUrl) -> str:
    """Return what the serial library opens: the target, with the options that are not ours."""
    scheme = _library_scheme(url.target)
    if not scheme:
        url.check_options(_OPTIONS)
        return url.target
    if scheme in _NETWORK:
        _check_network(url)
    others = {name: value for name, value in url.options.items() if name not in _OPTIONS}
    query = "&".join(f"{name}={value}" if value else name for name, value in others.items())
    return f"{url.target}?{query}" if query else url.target


def _check_network(url: LinkUrl) -> None:
    try:
        parts = urlsplit(url.target)
        complete = parts.hostname and parts.port
    except ValueError:
        complete = None
    if not complete:
        raise UsageError(
            f"link {url.text!r} has no host and port; write for example "
            f"serial:{_library_scheme(url.target)}://192.0.2.7:4001"
        )


def _request_line(url: LinkUrl) -> str:
    """Return `rts` or `dtr`, or "" when the data request is wired to a fixed level."""
    name = choice(url, "request", "always", ("rts", "dtr", "always"))
    return "" if name == "always" else name


def _inverted(url: LinkUrl) -> bool:
    return choice(url, "invert", "no", ("yes", "no")) == "yes"


def _prove_line(url: LinkUrl, port: serial.Serial, name: str, level: bool) -> None:
    """Set the line once: a port without modem lines must not claim that it has a request."""
    try:
        setattr(port, name, level)
    except OSError as error:
        raise AdapterUnavailable(
            f"cannot open {url.text}: the port has no {name.upper()} line to drive the data "
            "request with; wire the request to a fixed level and write request=always"
        ) from error


def _release(port: serial.Serial) -> None:
    """Close the port with all that it holds, even when its far end is gone."""
    # pyserial 3.5 keeps a socket open whose shutdown fails, and never closes the log of spy://
    held = [
        getattr(port, "_socket", None),
        getattr(getattr(port, "formatter", None), "output", None),
    ]
    with contextlib.suppress(OSError):
        port.close()
    for one in held:
        if one is not None and one not in (sys.stderr, sys.__stderr__):
            with contextlib.suppress(OSError):
                one.close()


def _identity(port: serial.Serial) -> str:
    """Return one name for one port, however it was written."""
    text = str(port.portstr)
    scheme = _library_scheme(text)
    if scheme in _NETWORK:
        parts = urlsplit(text)
        return f"tcp:{parts.hostname}:{parts.port}"
    if scheme:
        return f"serial:{text.partition('?')[0]}"
    return f"serial:{os.path.realpath(text) if os.sep in text else text.upper()}"


def _is_pseudo(port: serial.Serial) -> bool:
    return os.path.realpath(str(port.port)).startswith("/dev/pts/")


def _reduce_latency(port: serial.Serial) -> bool:
    """Ask the driver not to hold octets back (FTDI: 16 ms otherwise); say whether it agreed."""
    if not sys.platform.startswith("linux") or not isinstance(port, serial.Serial):
        return False
    try:
        port.set_low_latency_mode(True)
    except (OSError, ValueError, AttributeError, NotImplementedError):
        return False
    return True
