import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.line import LineSettings
from bench.simulator import uart_rows
from bench.simulator.uart import Heard, hear, parity_bit

N81 = LineSettings(115200)
E71 = LineSettings(115200, 7, "E")


@given(st.binary(max_size=40), st.sampled_from([1, 2]), st.sampled_from([1, 2]))
def test_equal_frames_hear_every_octet_whatever_the_stop_bits(octets, sent, heard):
    found = hear(octets, LineSettings(9600, stop_bits=sent), LineSettings(9600, stop_bits=heard))
    assert (found.octets, found.framing, found.parity) == (octets, 0, 0)


@given(st.binary(max_size=40))
def test_7e1_heard_as_8n1_has_the_parity_in_bit_7(octets):
    found = hear(octets, E71, N81)
    low = [octet & 0x7F for octet in octets]
    assert found.octets == bytes(octet | (octet.bit_count() % 2) << 7 for octet in low)
    assert (found.framing, found.parity) == (0, 0)


@given(st.binary(max_size=40))
def test_8n1_heard_as_7e1_counts_each_bit_7_that_is_no_parity(octets):
    found = hear(octets, N81, E71)
    assert found.octets == bytes(octet & 0x7F for octet in octets)
    wrong = [octet for octet in octets if octet >> 7 != (octet & 0x7F).bit_count() % 2]
    assert (found.framing, found.parity) == (0, len(wrong))


@given(st.binary(max_size=40))
def test_a_parity_bit_in_the_place_of_the_stop_bit_is_a_framing_error_when_it_is_zero(octets):
    found = hear(octets, LineSettings(115200, 8, "E"), N81)
    assert found.octets == octets
    assert found.framing == sum(octet.bit_count() % 2 == 0 for octet in octets)


@pytest.mark.parametrize(("sent", "heard"), [(9600, 115200), (115200, 9600), (115200, 57600)])
def test_another_speed_is_garbage_with_framing_errors(sent, heard):
    octets = b"/ISK5\\2M550T-1012\r\n\r\n1-3:0.2.8(50)\r\n" * 4
    found = hear(octets, LineSettings(sent), LineSettings(heard))
    assert b"/ISK5" not in found.octets
    assert found.framing > 0
    assert found == hear(octets, LineSettings(sent), LineSettings(heard))


def test_a_slow_character_is_many_fast_ones():
    found = hear(b"\x00", LineSettings(9600), N81)
    assert len(found.octets) == 1  # nine low bit times are one long break
    assert found.framing == 1


@pytest.mark.parametrize(("parity", "bit"), [("E", 1), ("O", 0), ("M", 1), ("S", 0)])
def test_parity_bits(parity, bit):
    assert parity_bit(0b0000111, parity) == bit


LINES = st.builds(
    LineSettings,
    st.sampled_from([1_500_000, 2_000_000, 2_040_000, 9600, 115_200, 57_600]),
    st.sampled_from([7, 8]),
    st.sampled_from("NEOMS"),
    st.sampled_from([1, 2]),
)


@given(st.binary(max_size=100), LINES, LINES)
def test_many_characters_are_heard_as_single_ones_are(octets, sent, heard):
    if (sent.baud_bd, sent.data_bits, sent.parity) == (
        heard.baud_bd,
        heard.data_bits,
        heard.parity,
    ):
        return
    many = uart_rows.sample(uart_rows.levels_of(octets, sent), sent.baud_bd, heard)
    assert Heard(*many) == hear(octets, sent, heard)
