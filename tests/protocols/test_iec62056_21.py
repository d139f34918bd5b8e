import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.core.line import LineSettings
from bench.protocols.iec62056_21 import (
    BAUD_BD,
    START_LINE,
    Messages,
    baud_character,
    decode_identification,
    decode_option,
    decode_request,
    encode_identification,
    encode_option,
    encode_request,
    with_parity,
    without_parity,
)
from bench.protocols.iec62056_21_sign_on import (
    ClientOptions,
    Event,
    Failed,
    Failure,
    Identified,
    MeterOptions,
    SignedOn,
    SignOnClient,
    SignOnMeter,
)

MS = 1_000_000
CHARACTER_NS = START_LINE.character_ns


def test_messages_as_the_standard_prints_them():
    assert encode_request() == b"/?!\r\n"
    assert encode_request("12345678") == b"/?12345678!\r\n"
    assert encode_option("5").hex() == "063235320d0a"
    assert encode_identification("ABC", "5", "meter") == b"/ABC5\\2meter\r\n"
    assert with_parity(encode_option("5")).hex() == "06b235b28d0a"


@pytest.mark.parametrize("parity", [with_parity, lambda octets: octets])
def test_what_messages_mean(parity):
    found = decode_identification(parity(b"/ABc5\\2EXAMPLE1\r\n"))
    assert found[1:] == ("ABc", "5", "2", "EXAMPLE1", ())
    assert (found.baud_bd, found.hdlc, found.fast) == (9600, True, True)
    assert decode_request(parity(b"/?007!\r\n")) == "007"
    assert decode_option(parity(b"\x06252\r\n"))[1:] == ("2", "5", "2", ())


def test_a_meter_of_mode_c_offers_no_hdlc():
    found = decode_identification(b"/LGZ4ZMD310\r\n")
    assert (found.baud_bd, found.hdlc, found.fast) == (4800, False, False)
    assert decode_identification(b"/LGZ?ZMD310\r\n").problems[0].code == "identification"
    assert decode_identification(b"/LGZBZMD310\r\n").baud_bd == 0


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"/ABC5\\2meter\n", "identification"),
        (b"ABC5meter\r\n", "identification"),
        (b"/AB5\r\n", "identification"),
        (b"", "identification"),
        (b"/abc5meter\r\n", "flag-id"),
        (b"/ABC5\\2" + b"x" * 17 + b"\r\n", "identification-length"),
    ],
)
def test_a_wrong_identification_is_named(octets: bytes, code: str):
    assert [p.code for p in decode_identification(octets).problems] == [code]


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"\x06252\n", "option-select"),
        (b"252\r\n", "option-select"),
        (b"\x15\r\n", "option-select"),
        (b"\x06292\r\n", "baud-character"),
    ],
)
def test_a_wrong_option_select_is_named(octets: bytes, code: str):
    assert [p.code for p in decode_option(octets).problems] == [code]


@given(st.binary(max_size=40))
def test_arbitrary_octets(octets: bytes):
    assert decode_identification(octets).octets == octets
    assert decode_option(octets).octets == octets
    decode_request(octets)
    assert without_parity(with_parity(octets)) == without_parity(octets)


def test_speeds_have_characters_both_ways():
    assert [baud_character(speed) for speed in BAUD_BD.values()] == list(BAUD_BD)
    with pytest.raises(UsageError, match="115200"):
        baud_character(115200)
    with pytest.raises(UsageError):
        encode_request("no/slash")
    with pytest.raises(UsageError):
        encode_request("1" * 33)


def test_characters_are_put_together_unless_they_are_too_far_apart():
    messages = Messages(b"/")
    assert messages.feed(b"\xff\r\n/?", 0, 0) == []
    assert messages.feed(b"!\r\n", 1500 * MS, 0) == [(0, b"/?!\r\n")]
    messages.feed(b"/?", 2000 * MS, 0)
    assert messages.feed(b"!\r\n", 3501 * MS, 0) == []
    assert messages.feed(b"/?/?!\r\n" * 2, 4000 * MS, 0) == [(4000 * MS, b"/?!\r\n")] * 2
    assert messages.feed(b"/" + b"x" * 1000 + b"\r\n", 4000 * MS, 0) == []


class Desk:
    """Client and meter opposite each other, in virtual time and at the speed of the line."""

    def __init__(self, client: SignOnClient, meter: SignOnMeter, echo: bool = False) -> None:
        self.client, self.meter, self.echo = client, meter, echo
        self.now = 0
        self.events: list[tuple[str, Event]] = []
        self.wire: list[tuple[int, str, bytes]] = []

    def run(self) -> None:
        self.client.start(self.now)
        for _ in range(100):
            for name, side in (("client", self.client), ("meter", self.meter)):
                if octets := side.outgoing():
                    at = self.now + round(len(octets) * side.line.character_ns)
                    self.wire.append((at, "meter" if name == "client" else "client", octets))
                    if self.echo and name == "client":
                        self.wire.append((at, "client", octets))
            own = [at for s in (self.client, self.meter) if (at := s.next_event()) is not None]
            instants = [entry[0] for entry in self.wire] + own
            if not instants:
                return
            self.now = max(self.now, min(instants))
            due = [entry for entry in self.wire if entry[0] <= self.now]
            self.wire = [entry for entry in self.wire if entry[0] > self.now]
            for at, to, octets in due:
                side = self.client if to == "client" else self.meter
                self.events += [(to, event) for event in side.receive(octets, at)]
            for name, side in (("client", self.client), ("meter", self.meter)):
                self.events += [(name, event) for event in side.advance(self.now)]
        raise AssertionError("no end")

    def of(self, name: str) -> list[Event]:
        return [event for who, event in self.events if who == name]


def desk(client: ClientOptions | None = None, meter: MeterOptions | None = None, **how) -> Desk:
    both = Desk(SignOnClient(client), SignOnMeter(meter), **how)
    both.run()
    return both


@pytest.mark.parametrize("baud_bd", BAUD_BD.values())
def test_both_sides_change_over_together(baud_bd: int):
    both = desk(meter=MeterOptions(baud_bd=baud_bd))
    identified, signed_on = both.of("client")
    assert isinstance(identified, Identified)
    assert abs(identified.reaction_ns - 200 * MS) < 1000
    assert isinstance(signed_on, SignedOn)
    assert signed_on.line == LineSettings(baud_bd, 8, "N", 1)
    assert both.client.line == both.meter.line == signed_on.line
    [changed] = both.of("meter")
    assert isinstance(changed, SignedOn)
    assert abs(changed.at_ns - signed_on.at_ns) < 1000
    assert abs(signed_on.reaction_ns - 200 * MS) < 1000


def test_the_client_may_ask_for_less_speed():
    both = desk(ClientOptions(baud_bd=2400))
    assert both.client.line.baud_bd == both.meter.line.baud_bd == 2400
    both = desk(ClientOptions(baud_bd=19200))
    assert both.of("meter")[0].why is Failure.WRONG_OPTION
    assert both.of("client")[-1].why is Failure.NO_CONFIRMATION
    assert both.client.line == both.meter.line == START_LINE


@pytest.mark.parametrize(
    ("asked", "own", "answered"),
    [
        ("", "12345678", True),
        ("12345678", "12345678", True),
        ("0012345678", "12345678", True),
        ("12345679", "12345678", False),
        ("1", "", False),
    ],
)
def test_only_the_meter_that_is_meant_answers(asked: str, own: str, answered: bool):
    both = desk(ClientOptions(address=asked), MeterOptions(address=own))
    if answered:
        assert isinstance(both.of("client")[-1], SignedOn)
    else:
        assert [e.why for e in both.of("client")] == [Failure.NO_IDENTIFICATION]
        assert both.of("meter") == []


def test_an_echo_is_no_confirmation():
    both = desk(ClientOptions(echo=True), echo=True)
    signed_on = both.of("client")[-1]
    assert isinstance(signed_on, SignedOn)
    assert signed_on.reaction_ns > 199 * MS
    assert both.meter.line == both.client.line


def test_a_meter_that_does_not_confirm():
    meter = MeterOptions(confirms=False)
    assert [e.why for e in desk(meter=meter).of("client")[1:]] == [Failure.NO_CONFIRMATION]
    both = desk(ClientOptions(confirmation=False), meter)
    assert isinstance(both.of("client")[-1], SignedOn)
    assert both.client.line == both.meter.line


def test_a_meter_without_mode_e():
    both = desk(meter=MeterOptions(enhanced=""))
    assert [e.why for e in both.of("client")[1:]] == [Failure.NO_MODE_E]
    assert [e.why for e in both.of("meter")] == [Failure.NO_OPTION]
    assert both.client.line == both.meter.line == START_LINE


@pytest.mark.parametrize(
    "option",
    [
        encode_option("5", "0", "0"),
        encode_option("5", "2", "1"),
        encode_option("9"),
        b"\x06\r\n",
        b"\x0625\r\n",
    ],
)
def test_a_wrong_option_leaves_the_meter_at_300_baud(option: bytes):
    meter = SignOnMeter()
    meter.receive(encode_request(), 0)
    meter.advance(200 * MS)
    assert meter.outgoing() == b"/MBX5\\2BENCH\r\n"
    [failed] = meter.receive(option, 1000 * MS)
    assert isinstance(failed, Failed)
    assert (failed.why, failed.octets) == (Failure.WRONG_OPTION, option)
    assert meter.line == START_LINE
    assert meter.next_event() is None
    meter.receive(encode_request(), 2000 * MS)
    assert meter.next_event() == 2200 * MS


def test_a_second_request_starts_again():
    meter = SignOnMeter()
    meter.receive(encode_request(), 0)
    meter.advance(200 * MS)
    assert meter.receive(encode_request(), 1000 * MS) == []
    meter.outgoing()
    assert meter.advance(1200 * MS) == []
    assert meter.outgoing() == b"/MBX5\\2BENCH\r\n"


@pytest.mark.parametrize(
    ("heard", "why"),
    [
        (b"/MBX5\\2BENCH\n", Failure.WRONG_IDENTIFICATION),
        (b"/MBXA\\2BENCH\r\n", Failure.WRONG_IDENTIFICATION),
        (b"/MBX5BENCH\r\n", Failure.NO_MODE_E),
    ],
)
def test_what_the_client_cannot_use(heard: bytes, why: Failure):
    client = SignOnClient()
    client.start(0)
    identified, failed = client.receive(heard, 500 * MS)
    assert isinstance(identified, Identified)
    assert isinstance(failed, Failed)
    assert failed.why is why
    assert client.next_event() is None


def test_a_wrong_confirmation():
    client = SignOnClient()
    client.start(0)
    client.receive(b"/MBx5\\2BENCH\r\n", 600 * MS)
    assert client.next_event() == 620 * MS  # a fast meter
    assert client.advance(620 * MS) == []
    assert client.outgoing() == encode_request() + encode_option("5")
    [failed] = client.receive(encode_option("4"), 900 * MS)
    assert isinstance(failed, Failed)
    assert failed.why is Failure.WRONG_CONFIRMATION


def test_reaction_is_measured_between_octets():
    client = SignOnClient()
    client.start(0)
    said = round(5 * CHARACTER_NS)
    octets = b"/MBX5\\2BENCH\r\n"
    heard = said + 321 * MS + round(len(octets) * CHARACTER_NS)
    [identified] = client.receive(octets, heard)
    assert isinstance(identified, Identified)
    assert abs(identified.reaction_ns - 321 * MS) < 10


def test_a_message_under_way_is_waited_for():
    client = SignOnClient()
    client.start(0)
    late = client.next_event()
    assert client.receive(b"/", late - MS) == []
    assert client.advance(late) == []
    [identified] = client.receive(b"MBX5\\2BENCH\r\n", late + 500 * MS)
    assert isinstance(identified, Identified)


_HEARD = st.sampled_from(
    [
        b"/?!\r\n",
        b"/MBX5\\2BENCH\r\n",
        b"\x06252\r\n",
        b"\x06",
        b"/",
        b"\r\n",
        with_parity(b"/MBx4\\2BENCH\r\n"),
    ]
)


@given(st.lists(st.tuples(_HEARD | st.binary(max_size=10), st.integers(0, 2000)), max_size=20))
def test_whatever_is_heard_ends(heard: list[tuple[bytes, int]]):
    client, meter = SignOnClient(ClientOptions(echo=True)), SignOnMeter()
    client.start(0)
    now = 0
    for octets, gap_ms in heard:
        now += gap_ms * MS
        for side in (client, meter):
            side.receive(octets, now)
            assert side.line.baud_bd in BAUD_BD.values()
            assert len(side.outgoing()) < 100
    for side in (client, meter):
        for _ in range(10):
            if (at := side.next_event()) is not None:
                now = max(now, at)
                side.advance(now)
        assert side.next_event() is None
