"""What a link says when the sign-on in mode E fails, over a line whose far end is scripted."""

import pytest

from adapters.base import Link, LinkUrl
from adapters.registry import open_link
from adapters.sign_on import sign_on, sign_on_options
from bench.core.clock import MILLISECOND, SECOND, MonotonicClock, VirtualClock
from bench.core.errors import AdapterUnavailable, UsageError
from bench.core.line import LineSettings
from bench.core.trace import Chunk
from bench.protocols.iec62056_21 import START_LINE


class Line(Link):
    """Answers each write with the next of `answers`, 300 ms after its last character."""

    capabilities = frozenset()

    def __init__(self, url, *answers):
        self.url = LinkUrl.parse(url)
        self.clock = VirtualClock()
        self.lines = []
        self.written = b""
        self._answers = list(answers)
        self._due = None

    def read(self, until_ns):
        if self._due is None or self._due[0] > until_ns:
            self.clock.wait_until(until_ns)
            return None
        (at, octets), self._due = self._due, None
        self.clock.wait_until(at)
        return Chunk(at, octets)

    def write(self, octets):
        self.written += octets
        answer = self._answers.pop(0) if self._answers else b""
        ms = round((len(octets) + len(answer)) * START_LINE.character_ns) + 300 * MILLISECOND
        self._due = (self.clock.now() + ms, answer) if answer else None
        return self.clock.now()

    def set_line(self, line):
        self.lines.append(line)
        return self.clock.now()

    def close(self):
        pass


def signed(url, *answers):
    link = Line(url, *answers)
    return link, sign_on(link, sign_on_options(link.url))


def test_both_sides_go_over_to_the_agreed_speed():
    link, event = signed("serial:x?start=mode-e", b"/MBX5\\2METER\r\n", b"\x06252\r\n")
    assert link.written == b"/?!\r\n\x06252\r\n"
    assert link.lines == [START_LINE, LineSettings(9600)]
    assert event.line == LineSettings(9600)


def test_address_and_speed_come_from_the_link():
    url = "serial:x?start=mode-e&address=0815&baud=2400"
    link, _ = signed(url, b"/MBX5\\2METER\r\n", b"\x06232\r\n")
    assert link.written == b"/?0815!\r\n\x06232\r\n"
    assert link.lines[-1] == LineSettings(2400)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ((), "no identification; it said nothing: check the position of the probe"),
        ((b"\x00\xff\x12",), r"no identification; it said b'\\x00\\xff\\x12'; what came is no"),
        ((b"/MBX5METER\r\n",), r"does not offer mode E; it said b'/MBX5METER.*leave start=mode-e"),
        ((b"/12\r\n",), r"wrong identification; it said b'/12"),
        ((b"/MBX5\\2METER\r\n",), "no confirmation; it did not repeat the option select"),
        ((b"/MBX5\\2METER\r\n", b"\x06202\r\n"), r"wrong confirmation; it said b'\\x06202"),
    ],
)
def test_a_sign_on_that_fails_says_what_the_meter_said(answers, why):
    with pytest.raises(AdapterUnavailable, match=why):
        signed("serial:x?start=mode-e", *answers)


def test_a_meter_that_never_ends_is_given_up():
    class Endless(Line):
        def read(self, until_ns):
            self.clock.wait_until(self.clock.now() + SECOND)
            return Chunk(self.clock.now(), b"/" * 64)

    link = Endless("serial:x?start=mode-e")
    with pytest.raises(AdapterUnavailable, match=r"did not come to an end; the meter said b'///"):
        sign_on(link, sign_on_options(link.url))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("?start=slowly", "none of: direct, mode-e"),
        ("?address=1", "address= is for start=mode-e"),
        ("?start=mode-e&baud=1000", "mode E has no speed 1000; it has 300, 600"),
        ("?start=mode-e&address=!", "no device address"),
    ],
)
def test_a_bad_option_says_what_to_write(options, why):
    with pytest.raises(UsageError, match=why):
        open_link(f"serial:///dev/null{options}", line=LineSettings(), clock=MonotonicClock())


def test_a_raw_socket_has_no_speed_to_change():
    url = "serial:socket://127.0.0.1:1?start=mode-e"
    with pytest.raises(UsageError, match="use rfc2217"):
        open_link(url, line=LineSettings(), clock=MonotonicClock())
