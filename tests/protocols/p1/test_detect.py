import pytest

from bench.protocols.p1.telegram import decode_telegram, detect_profile


@pytest.mark.parametrize(
    ("header", "lines", "expected"),
    [
        ("MBX5\\A", ["1-3:0.2.8(50)"], "nl50"),
        ("MBX5\\A", ["1-3:0.2.8(42)"], "nl42"),
        ("MBX5\\A", ["1-3:0.2.8(40)"], "nl40"),
        ("MBX5\\A", ["0-0:96.1.4(50210)"], "be13"),
        ("MBX5\\A", ["0-0:96.1.4(50213)"], "be13"),
        ("MBX5\\A", ["0-0:96.1.4(50214)"], "be14"),
        ("MBX5\\A", ["0-0:96.1.4(50215)"], "be15"),
        ("MBX5\\A", ["0-0:96.1.4(50216)"], "be16"),
        ("MBX5\\A", ["0-0:96.1.4(50217)"], "be17"),
        ("MBX5\\A", ["0-0:96.1.4(50221)"], "be21"),
        ("MBX5\\A", ["0-0:96.1.4(50222)"], "be21"),
        ("MBX5\\A", ["0-0:96.1.4(50209)"], "be13"),
        ("MBX5\\A", ["0-0:96.1.4(3530323137)"], "be17"),
        ("FLU5\\A", ["1-0:1.7.0(00.000*kW)"], "be17"),
        ("Lux5\\A", ["1-3:0.2.8(42)"], "lu"),
        ("EST5\\A", ["1-3:0.2.8(50)", "1-0:1.8.0(000326641*Wh)"], "at"),
        ("GRE5\\A", ["1-1:1.8.1(000001.000*kWh)", "0-0:96.1.4(12345)"], "ch"),
        ("MBX5 A", ["1-0:1.8.0(00000001.000*kWh)", "1-0:3.8.0(00000001.000*kvarh)"], "se"),
        ("AUX5\\A", ["0-0:1.0.0(250714093012S)", "1-0:13.7.0(0.999)"], "hu"),
        ("MBX5\\A", ["0-0:96.1.1(4D)", "1-0:3.8.0(000001.000*kvarh)"], "lt"),
        ("ESY5Q3", ["1-0:1.8.0*255(00052185.7*kWh)"], "de"),
        ("ISk5\\A", ["1-0:1.7.0(0000.89*kW)"], "nl22"),
        ("ISk5\\A", ["1-0:1.7.0(001.19*kW)"], "nl30"),
    ],
)
def test_profile_is_told_from_the_content(header: str, lines: list[str], expected: str):
    body = "".join(f"{line}\r\n" for line in lines)
    octets = f"/{header}\r\n\r\n{body}!\r\n".encode()
    assert detect_profile(decode_telegram(octets)) == expected


def test_missing_blank_line_speaks_for_the_oldest_edition():
    octets = b"/KMP5 A\r\n0-0:96.1.1(4D42)\r\n!\r\n"
    assert detect_profile(decode_telegram(octets)) == "nl22"
