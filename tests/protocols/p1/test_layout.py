from hypothesis import given
from hypothesis import strategies as st

from bench.protocols.crc import crc16_table
from bench.protocols.p1.decoder import decode
from bench.protocols.p1.layout import CACHE_SIZE
from bench.protocols.p1.profile import load_profile
from bench.protocols.p1.telegram import decode_telegram

NL50 = load_profile("nl50")


def same_both_ways(octets: bytes) -> None:
    quick, full = decode_telegram(octets, NL50), decode(octets, NL50)
    assert quick == full
    assert quick.objects() == full.objects()
    assert quick.lines == full.lines
    assert quick.fields() == full.fields()


def test_second_telegram_of_a_layout_is_like_the_first(changed, clean: bytes):
    same_both_ways(clean)
    again = changed("000123.456", "000999.001")
    assert decode_telegram(clean, NL50).problems == ()
    same_both_ways(again)
    assert str(decode_telegram(again, NL50).values("1-0:1.8.1")[0].value) == "999.001"


def test_digits_that_the_profile_judges_are_judged_again(changed, clean: bytes):
    decode_telegram(clean, NL50)
    for old, new, code in [
        ("250714093012S", "251314093012S", "timestamp"),
        ("250701120000S", "250732120000S", "timestamp"),
        ("0-0:96.7.19", "0-0:96.7.18", "format"),
        ("1-0:32.36.0", "1-0:32.32.0", "duplicate"),
        ("/MBX5", "/MBX4", "baud-digit"),
        ("*m3", "*m0", "unit"),
    ]:
        telegram = decode_telegram(changed(old, new), NL50)
        assert [p.code for p in telegram.problems] == [code]
    water = changed("24.1.0(003)", "24.1.0(007)")
    same_both_ways(water)


@given(data=st.data())
def test_any_digits_in_place_of_any_are_judged_alike(clean: bytes, data):
    decode_telegram(clean, NL50)
    octets = bytearray(clean[:-6])
    places = [i for i, octet in enumerate(octets) if 48 <= octet <= 57]
    for at in data.draw(st.lists(st.sampled_from(places), max_size=4)):
        octets[at] = data.draw(st.integers(48, 57))
    same_both_ways(bytes(octets) + b"%04X\r\n" % crc16_table(bytes(octets)))


def test_wrong_crc_is_never_taken_from_a_known_layout(clean: bytes):
    decode_telegram(clean, NL50)
    wrong = clean[:-6] + b"0000\r\n"
    assert decode_telegram(wrong, NL50).crc.ok is False
    assert [p.code for p in decode_telegram(wrong, NL50).problems] == ["crc"]


def test_memory_for_layouts_is_bounded(of_lines):
    for length in range(2, 2 * CACHE_SIZE + 20, 2):
        assert decode_telegram(of_lines(f"0-0:96.13.0({'4A' * length})"), NL50).problems == ()
    assert len(NL50.layouts) <= CACHE_SIZE
