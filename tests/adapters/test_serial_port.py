import errno
import os
import select
import socket
import termios
import time
import tty

import pytest
import serial
from serial.tools.list_ports_common import ListPortInfo

from adapters import serial_failures, serial_port
from adapters.base import Capability
from adapters.contract import LinkContract, Rig, drain
from adapters.registry import open_link
from bench.core.clock import SECOND, MonotonicClock
from bench.core.errors import AdapterLost, AdapterUnavailable, UsageError
from bench.core.line import LineErrors, LineSettings

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")

LINE = LineSettings()


class Pty:
    """The far end of a serial port made of a pseudo-terminal."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        self._open = True

    def send(self, octets: bytes) -> None:
        while octets:
            octets = octets[os.write(self.master, octets) :]

    def receive(self, count: int) -> bytes:
        octets = b""
        end = time.monotonic() + 10
        while len(octets) < count and time.monotonic() < end:
            if select.select([self.master], [], [], 1)[0]:
                octets += os.read(self.master, 65536)
        return octets

    def close(self) -> None:
        if self._open:
            self._open = False
            os.close(self.master)

    def __enter__(self) -> "Pty":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_serial(target: str, line: LineSettings = LINE):
    return open_link(f"serial:{target}", line=line, clock=MonotonicClock())


class TestPtyContract(LinkContract):
    def rig(self, first: bytes) -> Rig:
        far = Pty()
        link = open_serial(f"//{far.path}")
        if first:
            far.send(first)
        return Rig(link, far.send, far.receive, lose=far.close, close=far.close)


class TestLoopContract(LinkContract):
    def rig(self, first: bytes) -> Rig:
        link = open_serial("loop://")
        if first:
            link.write(first)
        return Rig(link, send=link.write)


class TestSocketUrlContract(LinkContract):
    def rig(self, first: bytes) -> Rig:
        with socket.create_server(("127.0.0.1", 0)) as server:
            link = open_serial(f"socket://127.0.0.1:{server.getsockname()[1]}")
            far, _ = server.accept()
        far.settimeout(10)
        if first:
            far.sendall(first)

        def receive(count: int) -> bytes:
            octets = b""
            while len(octets) < count:
                octets += far.recv(65536)
            return octets

        return Rig(link, far.sendall, receive, lose=far.close, close=far.close)


def test_a_pty_promises_neither_modem_lines_nor_error_counts():
    with Pty() as far, open_serial(f"//{far.path}") as link:
        plain = {Capability.WRITE, Capability.TIMESTAMPS, Capability.LINE_SPEED}
        assert link.capabilities == plain
        assert link.timing_uncertainty_s == 0.005
        assert link.describe()["line"] == "115200 8N1"


def test_one_port_has_one_identity(tmp_path):
    with Pty() as far:
        alias = tmp_path / "meter-7"
        alias.symlink_to(far.path)
        with open_serial(f"{alias}?u_ms=2") as link:
            assert link.identity == f"serial:{far.path}"
            assert link.timing_uncertainty_s == 0.002
        with open_serial(f"spy://{far.path}?file={os.devnull}") as link:
            assert link.identity == f"serial:{far.path}"


def test_settings_come_from_the_interface_and_yield_to_the_url():
    with Pty() as far:
        with open_serial(f"//{far.path}", LineSettings(9600, 7, "E", 1)) as link:
            attributes = termios.tcgetattr(link._port.fd)
            assert attributes[4] == termios.B9600
            # a pty has no character format, so what it was asked for has to do
            assert (link._port.bytesize, link._port.parity) == (7, "E")
        with open_serial(f"//{far.path}?baud=300&format=7e2") as link:
            assert link.settings == LineSettings(300, 7, "E", 2)


def test_a_vanished_device_is_named():
    far = Pty()
    with open_serial(f"//{far.path}") as link:
        far.send(b"last")
        assert drain(link, 4) == b"last"
        far.close()
        with pytest.raises(AdapterLost, match=rf"{far.path}.*(vanished|does not work any more)"):
            link.read(link.clock.now() + 10 * SECOND)
        with pytest.raises(AdapterLost):
            link.write(b"hello?")


def test_a_port_in_use_names_its_user():
    with Pty() as far, open_serial(f"//{far.path}"):
        with pytest.raises(AdapterUnavailable, match="is in use by this bench itself") as caught:
            open_serial(f"//{far.path}")
        assert far.path in str(caught.value)


def test_a_closed_port_can_be_opened_again():
    with Pty() as far:
        for _ in range(2):
            with open_serial(f"//{far.path}") as link:
                far.send(b"x")
                assert drain(link, 1) == b"x"


def test_no_such_device_lists_those_present(monkeypatch):
    monkeypatch.setattr(serial_failures.list_ports, "comports", lambda *_, **__: [])
    with pytest.raises(AdapterUnavailable, match="no device /dev/ttyNONE; this machine has no"):
        open_serial("///dev/ttyNONE")

    found = ListPortInfo("/dev/ttyUSB0")
    found.description = "FT232R USB UART"
    monkeypatch.setattr(serial_failures.list_ports, "comports", lambda *_, **__: [found])
    with pytest.raises(AdapterUnavailable, match=r"here: /dev/ttyUSB0 \(FT232R USB UART\)"):
        open_serial("///dev/ttyNONE")
    with pytest.raises(AdapterUnavailable, match=r"no port matches; serial ports here"):
        open_serial("hwgrep://no such thing")


def test_a_file_or_folder_is_no_serial_port(tmp_path):
    file = tmp_path / "telegram.txt"
    file.write_text("/ISK5")
    with pytest.raises(AdapterUnavailable, match=r"is no serial device;.*replay:"):
        open_serial(f"//{file}")
    with pytest.raises(AdapterUnavailable, match="is a folder"):
        open_serial(f"//{tmp_path}")


def failing_open(monkeypatch, error: Exception) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(serial.Serial, "open", fail)


def test_no_permission_names_the_group(monkeypatch, tmp_path):
    failing_open(monkeypatch, serial.SerialException(errno.EACCES, "Permission denied"))
    monkeypatch.setattr(serial_failures, "_group_of", lambda _: "dialout")
    with pytest.raises(AdapterUnavailable, match=r"usermod -aG dialout \$USER"):
        open_serial(f"//{tmp_path}")
    monkeypatch.setattr(serial_failures, "_group_of", lambda _: "root")
    with pytest.raises(AdapterUnavailable, match="belongs to root"):
        open_serial(f"//{tmp_path}")


def test_the_group_is_read_from_the_device(tmp_path):
    group = serial_failures._group_of(str(tmp_path))
    assert group is not None
    assert serial_failures._group_of("/dev/ttyNONE") is None


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (serial.SerialException(errno.EBUSY, "busy"), AdapterUnavailable, "in use by another"),
        (serial.SerialException(errno.EIO, "I/O"), AdapterUnavailable, "no hardware behind it"),
        (serial.SerialException("(5, 'Input')"), AdapterUnavailable, "no hardware behind it"),
        (serial.SerialException("(22, 'Inv')"), UsageError, "does not accept 115200 8N1"),
        (ValueError("Invalid baud rate"), UsageError, "does not accept 115200 8N1"),
        (serial.SerialException("something else"), AdapterUnavailable, "something else"),
    ],
)
def test_each_failure_has_its_words(monkeypatch, error, expected, message):
    failing_open(monkeypatch, error)
    with pytest.raises(expected, match=message):
        open_serial("///dev/ttyS99")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("", "names no port"),
        ("///dev/ttyS0?bauds=9600", "unknown option 'bauds'"),
        ("///dev/ttyS0?baud=fast", "baud=fast is no number"),
        ("///dev/ttyS0?baud=9600.5", "no whole number"),
        ("///dev/ttyS0?format=9N1", "write for example format=8N1"),
        ("///dev/ttyS0?request=cts", "request=cts is none of: rts, dtr, always"),
        ("///dev/ttyS0?invert=maybe", "invert=maybe is none of"),
        ("rfc2217://meter", "has no host and port"),
        ("socket://meter:x", "has no host and port"),
        ("socket://meter:1?request=rts", "a raw socket has no RTS line"),
        ("hwgrep://(", "is no regular expression"),
        ("carrier-pigeon://x", "knows no carrier-pigeon://"),
    ],
)
def test_a_url_that_cannot_be_right(target, message):
    with pytest.raises(UsageError, match=message):
        open_serial(target)


def test_a_remote_port_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for scheme in ("rfc2217", "socket"):
        with pytest.raises(AdapterUnavailable, match="refused"):
            open_serial(f"{scheme}://127.0.0.1:{port}")


def test_a_pty_has_no_request_line():
    with Pty() as far, pytest.raises(AdapterUnavailable, match=r"no RTS line.*request=always"):
        open_serial(f"//{far.path}?request=rts")


@pytest.mark.parametrize("line", ["rts", "dtr"])
@pytest.mark.parametrize(("invert", "active"), [("no", True), ("yes", False)])
def test_the_request_drives_the_modem_line(line, invert, active):
    # the loop returns RTS as CTS and DTR as DSR
    answer = {"rts": "cts", "dtr": "dsr"}[line]
    with open_serial(f"loop://?request={line}&invert={invert}") as link:
        assert Capability.REQUEST_LINE in link.capabilities
        assert getattr(link._port, answer) is active
        link.request(False)
        assert getattr(link._port, answer) is not active
        link.request(True)
        assert getattr(link._port, answer) is active


def test_the_request_is_released_at_the_end():
    with open_serial("loop://?request=rts") as link:
        port = link._port
        assert port._rts_state is True
    assert port._rts_state is False
    with pytest.raises(AdapterLost):
        link.request(True)


def test_uart_errors_count_from_opening(monkeypatch):
    counts = [LineErrors(5, 6, 7)]
    monkeypatch.setattr(serial_port, "error_counters", lambda _: counts[-1])
    with Pty() as far, open_serial(f"//{far.path}") as link:
        assert Capability.UART_ERRORS in link.capabilities
        assert link.line_errors() == LineErrors()
        counts.append(LineErrors(6, 8, 10))
        assert link.line_errors() == LineErrors(1, 2, 3)
        counts.append(None)
        with pytest.raises(AdapterLost, match="counters"):
            link.line_errors()


def test_stamps_do_not_wait_for_the_reader():
    with Pty() as far, open_serial(f"//{far.path}") as link:
        far.send(b"a")
        first = link.read(link.clock.now() + 10 * SECOND)
        far.send(b"b")
        while link._reader._chunks.empty():  # it is stamped in the thread, before anybody asks
            time.sleep(0.001)
        before_asking = link.clock.now()
        second = link.read(link.clock.now() + 10 * SECOND)
        assert first.at_ns < second.at_ns <= before_asking


def test_options_of_the_library_are_handed_on(tmp_path):
    log = tmp_path / "spy.txt"
    with Pty() as far, open_serial(f"spy://{far.path}?file={log}&baud=9600") as link:
        link.write(b"hello")
        assert far.receive(5) == b"hello"
        assert link.settings.baud_bd == 9600
    assert "hello" in log.read_text()
