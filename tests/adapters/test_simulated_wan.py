"""The WAN port as a link in virtual time."""

import pytest

from adapters.base import Capability
from adapters.registry import open_link
from bench.core.clock import SECOND, VirtualClock
from bench.core.errors import AdapterUnavailable, ConnectionEnded, UsageError
from bench.core.line import LineSettings
from bench.protocols.dlms.wrapper import WrapperStream, build_wpdu, decode_wpdu, encode_wpdu
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.events import Connected, Disconnected, Received
from bench.protocols.hdlc.options import WIDEST, PrimaryOptions
from bench.protocols.hdlc.primary import PrimaryStation
from bench.protocols.iec62056_21 import START_LINE
from bench.protocols.iec62056_21_sign_on import ClientOptions, Failed, SignedOn, SignOnClient
from bench.simulator.ports.wan import REACTION_NS

LINE = LineSettings(9600)
AARQ = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0")
LDN = bytes.fromhex("C001C1000100002A0000FF0200")


def opened(url, clock=None):
    return open_link(url, line=LINE, clock=clock or VirtualClock())


def talk(link, station, limit_s=60):
    """Let a client's station work on a link until it reports something that ends its waiting."""
    end = link.clock.now() + limit_s * SECOND
    while link.clock.now() < end:
        octets = station.outgoing()
        if octets:
            link.write(octets)
        until = min(station.next_event() or end, end)
        chunk = link.read(until)
        events = station.advance(until) if chunk is None else []
        if chunk is not None:
            events = station.receive(chunk.octets, chunk.at_ns)
        found = [one for one in events if isinstance(one, Connected | Disconnected | Received)]
        if found:
            return found[0]
    raise AssertionError("nothing happened")


def primary(sap=16, parameters=None):
    return PrimaryStation(PrimaryOptions(client(sap), server(1, 0x11), parameters))


def test_hdlc_connects_answers_and_disconnects():
    link = opened("simulated:wan?link=hdlc")
    station = primary()
    station.connect(link.clock.now())
    assert isinstance(talk(link, station), Connected)
    for apdu, tag in ((AARQ, b"\x61"), (LDN, b"\xc4\x01\xc1\x00\x09")):
        station.send(apdu, link.clock.now())
        assert talk(link, station).apdu.startswith(tag)
    station.disconnect(link.clock.now())
    assert isinstance(talk(link, station), Disconnected)


def test_the_line_takes_its_time():
    link = opened("simulated:wan")
    station = primary(parameters=WIDEST)
    station.connect(0)
    octets = station.outgoing()
    sent = link.write(octets)
    assert sent == round(len(octets) * LINE.character_ns)
    first = link.read(SECOND)
    assert len(first.octets) == 1
    assert first.at_ns == sent + 20_000_000 + round(LINE.character_ns)
    assert link.line_format() == LINE


def test_the_wrapper_answers_with_swapped_ports():
    link = opened("simulated:wan?link=wrapper&latency_ms=5")
    at = link.write(encode_wpdu(16, 1, AARQ))
    chunk = link.read(SECOND)
    unit = decode_wpdu(chunk.octets)
    assert (unit.valid, unit.source, unit.destination, unit.apdu[0]) == (True, 1, 16, 0x61)
    assert chunk.at_ns == at + 5_000_000


def test_a_split_unit_and_two_in_one_segment_are_answered():
    link = opened("simulated:wan?link=wrapper")
    octets = encode_wpdu(16, 1, AARQ) + encode_wpdu(16, 1, LDN)
    for octet in octets[:9]:
        link.write(bytes([octet]))
    link.write(octets[9:])
    stream = WrapperStream()
    pieces = []
    while (chunk := link.read(link.clock.now() + SECOND)) is not None:
        pieces += stream.feed(chunk)
    assert [decode_wpdu(piece.octets).apdu[0] for piece in pieces] == [0x61, 0xC4]


def test_a_wrong_version_ends_the_connection_and_another_can_be_made():
    link = opened("simulated:wan?link=wrapper")
    link.write(build_wpdu(16, 1, AARQ, version=2))
    with pytest.raises(ConnectionEnded, match="closed the connection"):
        link.read(10 * SECOND)
    with pytest.raises(ConnectionEnded):
        link.write(b"x")
    link.reconnect()
    link.write(encode_wpdu(16, 1, AARQ))
    assert decode_wpdu(link.read(20 * SECOND).octets).apdu[0] == 0x61


def test_half_a_unit_is_waited_for_only_so_long():
    link = opened("simulated:wan?link=wrapper")
    link.write(encode_wpdu(16, 1, AARQ)[:-1])
    assert link.read(9 * SECOND) is None
    with pytest.raises(ConnectionEnded):
        link.read(11 * SECOND)


def test_connections_stand_beside_each_other():
    link = opened("simulated:wan?link=wrapper")
    assert Capability.CONNECTION in link.capabilities
    other = link.connect()
    link.write(encode_wpdu(16, 1, AARQ))
    assert decode_wpdu(link.read(SECOND).octets).apdu[0] == 0x61
    other.write(encode_wpdu(32, 1, AARQ))  # it may not: no password
    assert decode_wpdu(other.read(SECOND).octets).destination == 32
    other.close()
    link.write(encode_wpdu(16, 1, LDN))
    assert decode_wpdu(link.read(2 * SECOND).octets).apdu[0] == 0xC4
    link.reconnect(abrupt=True)
    link.write(encode_wpdu(16, 1, LDN))
    assert decode_wpdu(link.read(3 * SECOND).octets).apdu[0] == 0xD8  # the association is gone


def test_a_line_is_no_connection_and_takes_one_user():
    clock = VirtualClock()
    link = opened("simulated:wan", clock)
    assert Capability.CONNECTION not in link.capabilities
    for act in (link.connect, link.reconnect):
        with pytest.raises(UsageError):
            act()
    with pytest.raises(AdapterUnavailable, match="open already"):
        opened("simulated:wan", clock)
    link.close()
    again = opened("simulated:wan", clock)
    assert again.device is link.device
    again.close()


def test_another_speed_is_not_understood():
    link = opened("simulated:wan")
    assert link.set_line(LineSettings(2400)) == 0
    station = primary()
    station.connect(0)
    link.write(station.outgoing())
    assert link.read(5 * SECOND) is None
    link.set_line(LINE)
    station.connect(link.clock.now())
    assert isinstance(talk(link, station), Connected)


def test_mode_e_is_signed_on_to_when_the_link_opens():
    link = opened("simulated:wan?start=mode-e&baud=4800&address=00000010")
    station = primary()
    station.connect(link.clock.now())
    assert isinstance(talk(link, station), Connected)
    assert link.line_format() == LineSettings(4800)
    station.send(AARQ, link.clock.now())
    assert talk(link, station).apdu[0] == 0x61
    link.close()
    # the meter is still in HDLC, and falls back after the inactivity time
    with pytest.raises(AdapterUnavailable, match="no identification; it said nothing"):
        opened("simulated:wan?start=mode-e&baud=4800&address=00000010", link.clock)
    link.clock.wait_until(link.clock.now() + 260 * SECOND)
    opened("simulated:wan?start=mode-e&baud=4800&address=00000010", link.clock).close()


def test_who_is_not_meant_stays_silent():
    with pytest.raises(AdapterUnavailable, match="said nothing: check the position"):
        opened("simulated:wan?start=mode-e&address=77")


def test_a_sign_on_tells_what_the_meter_said():
    with pytest.raises(AdapterUnavailable, match="ask for a lower speed"):
        opened("simulated:wan?start=mode-e&baud=19200")


def test_the_reference_meter_hears_mode_e_and_hdlc():
    link = opened("simulated:wan")
    client_side = SignOnClient(ClientOptions())
    link.set_line(START_LINE)
    client_side.start(link.clock.now())
    events = []
    while not events or not isinstance(events[-1], SignedOn | Failed):
        if out := client_side.outgoing():
            link.write(out)
        chunk = link.read(client_side.next_event())
        if chunk is None:
            events += client_side.advance(link.clock.now())
        else:
            events += client_side.receive(chunk.octets, chunk.at_ns)
    identified, signed_on = events
    for reaction_ns in (identified.reaction_ns, signed_on.reaction_ns):
        assert abs(reaction_ns - REACTION_NS) < 4e6
    link.set_line(signed_on.line)
    station = primary()
    station.connect(link.clock.now())
    assert isinstance(talk(link, station), Connected)
    station.disconnect(link.clock.now())
    assert isinstance(talk(link, station), Disconnected)
    link.set_line(START_LINE)
    link.write(b"/?!\r\n")
    assert link.read(link.clock.now() + SECOND).octets == b"/"


def test_udp_answers_datagrams_one_by_one():
    link = opened("simulated:wan?link=udp")
    for apdu in (AARQ, LDN):
        link.write(encode_wpdu(16, 1, apdu))
    link.write(encode_wpdu(16, 1, LDN)[:-1])
    got = [link.read(SECOND), link.read(SECOND), link.read(SECOND)]
    assert [decode_wpdu(one.octets).apdu[0] for one in got[:2]] == [0x61, 0xC4]
    assert got[2] is None


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("simulated:wan?link=serial", "hdlc, wrapper, udp"),
        ("simulated:wan?lnk=hdlc", "unknown option"),
        ("simulated:wan?latency_ms=x", "no number"),
        ("simulated:wan?baud=9600", "unknown option 'baud'"),
        ("simulated:wan?link=udp&start=mode-e", "only link=hdlc starts in mode E"),
    ],
)
def test_a_bad_url_says_what_to_write(url, message):
    with pytest.raises(UsageError, match=message):
        opened(url)
