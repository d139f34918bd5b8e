import json
from decimal import Decimal

import pytest

from bench.core.check import Level
from bench.protocols.p1.profile import load_profile
from bench.protocols.p1.telegram import Telegram, decode_telegram
from bench.protocols.p1.timestamp import Timestamp

NL50 = load_profile("nl50")


def codes(telegram: Telegram) -> list[str]:
    return [problem.code for problem in telegram.problems]


def test_clean_telegram_has_no_problem(clean: bytes):
    telegram = decode_telegram(clean, NL50)
    assert telegram.problems == ()
    assert telegram.crc.ok is True
    assert telegram.header == "MBX5\\BENCH-1"
    assert (telegram.flag_id, telegram.identification) == ("MBX", "\\BENCH-1")


def test_values_are_typed(clean: bytes):
    telegram = decode_telegram(clean, NL50)
    (energy,) = telegram.values("1-0:1.8.1")
    assert (energy.value, energy.unit, energy.text) == (Decimal("123.456"), "kWh", "000123.456*kWh")
    assert clean[energy.offset :].startswith(b"000123.456*kWh)")
    assert telegram.values("0-0:1.0.0")[0].value == Timestamp("250714093012S")
    assert telegram.values("0-0:96.14.0")[0].value == "0001"
    assert [v.value for v in telegram.values("1-0:99.97.0")][3:] == [
        Decimal(240),
        Timestamp("250701120000S"),
        Decimal(301),
    ]
    assert telegram.values("9-9:9.9.9") == []


def test_decode_without_profile_judges_framing_and_reads_what_it_can(clean: bytes):
    telegram = decode_telegram(clean)
    assert telegram.problems == ()
    assert telegram.crc.ok is True
    assert telegram.values("1-0:1.8.1")[0].value == Decimal("123.456")
    assert telegram.values("1-0:1.8.1")[0].unit == "kWh"


# What is put in place of what, and the only codes that it may give.
ONE_DEVIATION = {
    "digit in FLAG id": ("/MBX5", "/M3X5", ["flag-id"]),
    "FLAG id of two letters": ("/MBX5", "/MB5", ["flag-id"]),
    "baud digit": ("/MBX5", "/MBX3", ["baud-digit"]),
    "control in identification": ("BENCH", "BE\x02CH", ["identification"]),
    "no identification": ("/MBX5\\BENCH-1", "/MBX5", ["identification-empty"]),
    "blank line missing": ("\r\n\r\n", "\r\n", ["blank-line"]),
    "two blank lines": ("\r\n\r\n", "\r\n\r\n\r\n", ["blank-line"]),
    "blank in blank line": ("\r\n\r\n", "\r\n \r\n", ["blank-line"]),
    "blank line at the end": ("m3)\r\n!", "m3)\r\n\r\n!", ["blank-line"]),
    "bare LF": ("(00004)\r\n", "(00004)\n", ["line-end"]),
    "bare CR": ("(00004)\r\n", "(00004)\r", ["line-end"]),
    "CR CR LF": ("(00004)\r\n", "(00004)\r\r\n", ["line-end"]),
    "end mark after a blank": ("\r\n!", "\r\n !", ["end-mark"]),
    "end mark after a value": ("m3)\r\n!", "m3)!", ["end-mark"]),
    "plain ! in text": ("(48656C6C6F)", "(Hi!)", ["end-mark"]),
    "superscript three": ("012.345*m3", "012.345*m\xb3", ["non-ascii"]),
    "0xFF text": ("48656C6C6F", "\xff" * 1024, ["non-ascii"]),
    "degree sign": ("012.345*m3", "012.345*\xb0C", ["non-ascii"]),
    "NUL": ("(006*A)", "(0\x006*A)", ["control"]),
    "XON": ("(006*A)", "(006*A)\x11", ["handshake"]),
    "no closing bracket": ("(01.234*kW)\r\n1-0:2.7.0", "(01.234*kW\r\n1-0:2.7.0", ["grammar"]),
    "comma in OBIS": ("1-0:2.7.0", "1,0:2.7.0", ["grammar"]),
    "colon in OBIS": ("1-0:99.97.0", "1-0:99:97.0", ["grammar"]),
    "trailing blank": ("(006*A)", "(006*A) ", ["grammar"]),
    "value group F": ("1-0:2.7.0(", "1-0:2.7.0*255(", ["grammar"]),
    "OBIS part over 255": ("1-0:99.97.0", "1-0:256.97.0", ["grammar"]),
    "no group": ("1-0:31.7.0(006*A)", "1-0:31.7.0", ["grammar"]),
    "unknown object": ("1-0:2.7.0", "5-0:2.7.0", ["unknown-object"]),
    "unknown and malformed": ("1-0:31.7.0(006*A)", "5-0:31.7.0(006*A", ["grammar"]),
    "one decimal less": ("000123.456*kWh", "0000123.45*kWh", ["format"]),
    "leading zeros missing": ("000123.456*kWh", "123.456*kWh", ["format"]),
    "decimal comma": ("000123.456*kWh", "000123,456*kWh", ["format"]),
    "sign": ("000123.456*kWh", "-00123.456*kWh", ["format"]),
    "exponent": ("000123.456*kWh", "00123.45e1*kWh", ["format"]),
    "empty value": ("000123.456*kWh", "", ["format"]),
    "narrow counter": ("(00004)", "(0004)", ["format"]),
    "unit case": ("000123.456*kWh", "000123.456*kwh", ["unit"]),
    "other unit": ("000123.456*kWh", "000123456*Wh", ["unit"]),
    "no asterisk": ("000123.456*kWh", "000123.456kWh", ["unit"]),
    "no unit": ("000123.456*kWh", "000123.456", ["unit"]),
    "empty unit": ("000123.456*kWh", "000123.456*", ["unit"]),
    "no unit on a valid reading": ("00012.345*m3", "00012.345", ["unit"]),
    "gas in GJ": ("00012.345*m3", "00012.345*GJ", ["unit"]),
    "gas with leading zeros missing": ("00012.345*m3", "12.345*m3", ["format"]),
    "asterisk without unit": ("(00004)", "(00004*)", ["unit-unexpected"]),
    "unit on a tariff": ("(0001)", "(0001*kW)", ["unit-unexpected"]),
    "short tariff": ("(0001)", "(1)", ["format"]),
    "odd octet string": ("4D42303030303031", "4D4230303030303", ["octet-string"]),
    "no hexadecimal": ("4D42303030303031", "4D4230303030303G", ["octet-string"]),
    "plain text": ("48656C6C6F", "test-/-test", ["octet-string"]),
    "identifier of 98": ("4D42303030303031", "30" * 49, ["octet-string-length"]),
    "text of 2050": ("48656C6C6F", "30" * 1025, ["octet-string-length"]),
    "lower-case octets": ("4D42303030303031", "4d42303030303031", ["octet-string-case"]),
    "month 13": ("250714093012S", "251314093012S", ["timestamp"]),
    "day 41": ("250714093012S", "240341093012S", ["timestamp"]),
    "30 February": ("250714093012S", "240230093012S", ["timestamp"]),
    "hour 24": ("250714093012S", "250714243012S", ["timestamp"]),
    "minute 60": ("250714093012S", "250714096012S", ["timestamp"]),
    "second 60": ("250714093012S", "250714093060S", ["timestamp"]),
    "no flag": ("250714093012S", "250714093012", ["timestamp"]),
    "lower-case flag": ("250714093012S", "250714093012w", ["timestamp"]),
    "marker as telegram time": ("250714093012S", "632525252525S", ["timestamp"]),
    "marker with a reading": ("250714093000S", "632525252525S", ["timestamp"]),
    "one group too many": ("(006*A)", "(006*A)(006*A)", ["format"]),
    "reading without value": ("(250714093000S)(00012.345*m3)", "()", ["format"]),
    "log with half a pair": ("(0000000301*s)", "", ["format"]),
    "log duration too wide": ("0000000301*s", "00000000301*s", ["format"]),
    "log without reference": ("(0-0:96.7.19)", "(0-0:96.7.9)", ["format"]),
    "reading turned round": (
        "(250714093000S)(00012.345*m3)",
        "(00012.345*m3)(250714093000S)",
        ["format"],
    ),
    "duplicate": (
        "0-1:24.1.0(003)\r\n",
        "0-1:24.1.0(003)\r\n0-1:24.1.0(003)\r\n",
        ["duplicate"],
    ),
}


@pytest.mark.parametrize("name", ONE_DEVIATION)
def test_one_deviation_gives_its_own_code_alone(name: str, changed):
    old, new, expected = ONE_DEVIATION[name]
    telegram = decode_telegram(changed(old, new), NL50)
    assert codes(telegram) == expected
    assert telegram.crc.ok is True
    (problem,) = telegram.problems
    assert problem.clause.startswith("DSMR-5.0.2:6.")
    assert problem.message
    assert problem.line is not None
    assert 0 <= problem.offset < len(telegram.octets)


def test_problem_names_octet_and_line(changed):
    telegram = decode_telegram(changed("000123.456*kWh", "000123.456*kwh"), NL50)
    (problem,) = telegram.problems
    assert problem.line == 6
    start, end = problem.offset, problem.offset + problem.length
    assert telegram.octets[start:end] == b"000123.456*kwh"
    assert problem.message == (
        "1-0:1.8.1 (Energy delivered to the client, tariff 1): unit 'kwh' instead of 'kWh'"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\\BENCH-1", " 7534/A\\2 x-"),
        ("00012.345*m3", "000012.34*m3"),  # gas above 10 m3/h: F8(2,2)
        ("(250714093000S)(00012.345*m3)", "(632525252525S)(00000.000)"),
        ("(250714093000S)(00012.345*m3)", "(700101010000W)(00000000)"),
        ("(250714093000S)(00012.345*m3)", "(000101010000W)(0000000000)"),
        ("(4D42303030303032)", "()"),
        ("(48656C6C6F)", "()"),
        ("(48656C6C6F)", f"({'FF' * 1024})"),
        ("(2)(0-0:96.7.19)(250101120000W)(0000000240*s)(250701120000S)(0000000301*s)", "()"),
        (
            "(2)(0-0:96.7.19)(250101120000W)(0000000240*s)(250701120000S)(0000000301*s)",
            "(0)(0-0:96.7.19)",
        ),
        ("250101120000W", "000101000001W"),
        ("(003)", "(099)"),
    ],
)
def test_legal_oddities_give_no_problem(old: str, new: str, changed):
    assert codes(decode_telegram(changed(old, new), NL50)) == []


def test_no_data_is_told_apart_from_a_reading(changed, clean: bytes):
    marked = changed("(250714093000S)(00012.345*m3)", "(632525252525S)(00000.000)")
    assert [line.no_data for line in decode_telegram(marked, NL50).lines][-1] is True
    assert not any(line.no_data for line in decode_telegram(clean, NL50).lines)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("004", "0012.34*GJ", []),
        ("004", "0012.34*m3", ["unit"]),
        ("007", "0001.234*m3", []),
        ("007", "00001.23*m3", ["format"]),
        ("002", "00001.234*kWh", []),
        ("099", "0012.34*GJ", []),  # a type that the table lacks may use any of its formats
    ],
)
def test_reading_is_judged_by_device_type(kind: str, value: str, expected: list[str], of_lines):
    octets = of_lines(f"0-2:24.1.0({kind})", f"0-2:24.2.1(250714093000S)({value})")
    assert codes(decode_telegram(octets, NL50)) == expected


@pytest.mark.parametrize(
    ("tail", "expected", "ok"),
    [
        (b"%04X\r\n", [], True),
        (b"\r\n", ["crc-missing"], False),
        (b"%04x\r\n", ["crc-case"], True),
        (b"%04X extra\r\n", ["after-end"], True),
        (b"%04XAB\r\n", ["after-end"], True),
        (b"%04X", ["line-end"], True),
        (b"%04X\n", ["line-end"], True),
        (b"%04X\r\n\r\n", ["after-end"], True),
        (b"XXXX\r\n", ["crc"], False),
        (b"0000\r\n", ["crc"], False),
        (b"1G28\r\n", ["crc"], False),
    ],
)
def test_crc_field(tail: bytes, expected: list[str], ok: bool, clean: bytes):
    digits = int(clean[-6:-2], 16)
    assert f"{digits:04x}" != f"{digits:04X}", "the clean telegram's CRC needs a letter"
    telegram = decode_telegram(clean[:-6] + (tail % digits if b"%" in tail else tail), NL50)
    assert codes(telegram) == expected
    assert telegram.crc.ok is ok
    assert telegram.crc.computed == clean[-6:-2].decode()


def test_unpadded_crc_is_judged_for_width_and_for_value(of_lines):
    for number in range(100000):
        octets = of_lines(f"0-0:96.7.21({number:05d})")
        if octets[-6:-5] == b"0":
            break
    short = octets[:-6] + octets[-5:]
    telegram = decode_telegram(short, NL50)
    assert (codes(telegram), telegram.crc.ok) == (["crc-width"], True)
    wrong = short[:-3] + (b"0" if short[-3:-2] != b"0" else b"1") + short[-2:]
    telegram = decode_telegram(wrong, NL50)
    assert (sorted(codes(telegram)), telegram.crc.ok) == (["crc", "crc-width"], False)


def test_missing_end_mark_is_one_problem(clean: bytes):
    telegram = decode_telegram(clean[: clean.index(b"!")], NL50)
    assert codes(telegram) == ["end-mark"]
    assert (telegram.crc.given, telegram.crc.ok) == (None, False)


def test_octets_before_the_start_are_named(clean: bytes):
    telegram = decode_telegram(b"\x00 " + clean, NL50)
    assert "start" in codes(telegram)
    assert telegram.crc.ok is True
    assert telegram.header == "MBX5\\BENCH-1"


OLD = (
    "/MBX5\\OLD\r\n\r\n0-0:96.1.1(4D42)\r\n1-0:1.8.1(00012.345*kWh)\r\n"
    "1-0:1.7.0(0000.98*kW)\r\n0-1:24.1.0(03)\r\n"
    "0-1:24.3.0(120517020000)(08)(60)(1)(0-1:24.2.1)(m3)\r\n(00124.477)\r\n0-1:24.4.0(1)\r\n!\r\n"
)


def test_dsmr_3_reading_on_the_next_line_is_one_object():
    telegram = decode_telegram(OLD.encode(), load_profile("nl30"))
    assert codes(telegram) == []
    assert telegram.crc.ok is None
    *_, value = telegram.values("0-1:24.3.0")
    assert (value.value, value.text) == (Decimal("124.477"), "00124.477")
    assert telegram.octets[value.offset :].startswith(b"00124.477)")
    assert [line.line for line in telegram.lines][-2:] == [7, 9]


def test_edition_without_crc_sends_none():
    telegram = decode_telegram(OLD.replace("!", "!B12F").encode(), load_profile("nl30"))
    assert codes(telegram) == ["crc-unexpected"]
    assert telegram.crc.ok is None
    assert codes(decode_telegram(OLD.replace("!", "! x").encode(), load_profile("nl30"))) == [
        "after-end"
    ]


def test_enumeration_and_continuation_are_the_editions_own():
    bad = OLD.replace("24.4.0(1)", "24.4.0(3)").encode()
    assert codes(decode_telegram(bad, load_profile("nl30"))) == ["enum"]
    wide = OLD.replace("24.4.0(1)", "24.4.0(01)").encode()
    assert codes(decode_telegram(wide, load_profile("nl30"))) == ["enum"]
    good = OLD.replace("24.4.0(1)", "24.4.0(2)").encode()
    assert codes(decode_telegram(good, load_profile("nl30"))) == []


def test_text_split_over_two_lines_breaks_the_grammar(changed):
    telegram = decode_telegram(changed("48656C6C6F", "4865\r\n6C6C6F"), NL50)
    assert codes(telegram) == ["grammar", "grammar"]


def test_malformed_line_keeps_its_obis_but_gives_no_values(changed):
    telegram = decode_telegram(changed("(006*A)", "(006*A) "), NL50)
    assert "1-0:31.7.0" in {line.obis for line in telegram.lines}
    assert "1-0:31.7.0" not in telegram.objects()


@pytest.mark.parametrize("line_end", ["\n", "\r"])
def test_every_wrong_line_end_is_named_and_nothing_else(line_end: str, clean: bytes):
    lines = clean[:-6].decode().replace("\r\n", line_end)
    telegram = decode_telegram(lines.encode() + b"0000" + line_end.encode(), NL50)
    assert set(codes(telegram)) == {"line-end", "crc"}
    assert codes(telegram).count("line-end") == clean.count(b"\r\n")
    assert "1-0:1.8.1" in telegram.objects()


def test_level_is_that_of_the_code_and_of_the_object(changed):
    telegram = decode_telegram(changed("4D42303030303031", "4d42303030303031"), NL50)
    assert telegram.level(telegram.problems[0]) is Level.SHOULD
    telegram = decode_telegram(changed("(006*A)", "(06*A)"), NL50)
    assert telegram.level(telegram.problems[0]) is Level.MUST
    assert telegram.level(telegram.problems[0]) is Level.MUST


def test_single_bit_damage_is_always_detected(clean: bytes):
    for at in range(clean.index(b"!")):
        for bit in range(8):
            damaged = bytearray(clean)
            damaged[at] ^= 1 << bit
            telegram = decode_telegram(bytes(damaged), NL50)
            assert telegram.crc.ok is not True, (at, bit)


def test_json_is_exact_and_plain(clean: bytes):
    telegram = decode_telegram(clean, NL50)
    found = json.loads(json.dumps(telegram.to_json()))
    assert found["header"] == "/MBX5\\BENCH-1"
    assert found["crc"] == {
        "given": telegram.crc.given,
        "computed": telegram.crc.computed,
        "ok": True,
    }
    assert found["objects"]["1-0:1.8.1"] == [{"value": 123.456, "unit": "kWh"}]
    assert found["objects"]["0-0:96.7.21"] == [{"value": 4, "unit": None}]
    assert found["objects"]["0-0:1.0.0"] == [{"value": "250714093012S", "unit": None}]
    assert found["objects"]["0-0:96.13.0"] == [{"value": "48656C6C6F", "unit": None}]
    assert found["problems"] == []


def test_json_of_problems_and_empty_groups(changed):
    telegram = decode_telegram(changed("(48656C6C6F)", "()"), NL50)
    assert telegram.to_json()["objects"]["0-0:96.13.0"] == [{"value": "", "unit": None}]
    telegram = decode_telegram(changed("(00004)", "(4)"), NL50)
    (problem,) = telegram.to_json()["problems"]
    assert problem["line"] == 13
    assert problem["clause"] == "DSMR-5.0.2:6.12"
    assert set(problem) == {"offset", "line", "message", "clause"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1-0:1.6.0(250714093000S)(02.589*kW)", []),
        ("1-0:1.6.0(632525252525W)(00.000*kW)", []),
        ("1-0:1.6.0(08.796*kW)(260102010000)", ["format"]),
        ("0-0:98.1.0(0)(1-0:1.6.0)(1-0:1.6.0)()", []),
        ("0-0:98.1.0(0)(1-0:1.6.0)(1-0:1.6.0)", []),
        ("0-0:98.1.0()", []),
        (
            "0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(250701000000S)(632525252525W)(00.000*kW)",
            [],
        ),
        ("0-0:98.1.0(0)()", ["format"]),
        ("0-0:98.1.0(12)", ["format"]),
        ("0-0:96.1.4(3231313130)", ["format"]),
        ("1-0:31.7.0(001*A)", ["format"]),
        ("1-0:31.7.0(000.27*A)", []),
        ("0-0:96.3.10(3)", ["enum"]),
        ("0-1:24.2.3(632525252525S)(00000.000)", []),
        ("0-1:24.2.3(632525252525S)(00000.000*m3)", []),
        ("0-1:24.2.3(250714093000S)(00112.384)", ["unit"]),
    ],
)
def test_belgian_objects(line: str, expected: list[str], of_lines):
    assert codes(decode_telegram(of_lines(line), load_profile("be17"))) == expected


def test_messages_are_in_plain_words(changed):
    telegram = decode_telegram(changed("(0001)", "(1)"), NL50)
    assert telegram.problems[0].message == ("0-0:96.14.0 (Active tariff): '1' is not D4: 4 digits")
