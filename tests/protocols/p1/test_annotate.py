from bench.core.trace import Field
from bench.protocols.p1.profile import load_profile
from bench.protocols.p1.telegram import decode_telegram

NL50 = load_profile("nl50")


def by_path(fields: tuple[Field, ...]) -> dict[str, Field]:
    return {field.path: field for field in fields}


def test_fields_say_what_stands_where(clean: bytes):
    fields = by_path(decode_telegram(clean, NL50).fields())
    assert fields["header/FLAG id"].text == "MBX"
    assert fields["header/baud digit"].text == "5"
    assert fields["empty line"].length == 2
    energy = fields["1-0:1.8.1"]
    assert energy.text == "Energy delivered to the client, tariff 1"
    start, end = energy.offset, energy.offset + energy.length
    assert clean[start:end] == b"1-0:1.8.1(000123.456*kWh)\r\n"
    assert fields["1-0:1.8.1/1"].text == "123.456 kWh"
    assert fields["1-0:99.97.0/4"].text == "240 s"
    assert clean[fields["end mark"].offset :].startswith(b"!")
    assert fields["CRC"].offset == fields["end mark"].offset + 1
    assert not any(field.problem for field in fields.values())


def test_problem_stands_at_the_smallest_field(changed):
    fields = by_path(decode_telegram(changed("000123.456*kWh", "000123.456*kwh"), NL50).fields())
    assert "'kwh'" in fields["1-0:1.8.1/1"].problem
    assert not fields["1-0:1.8.1"].problem
    fields = by_path(decode_telegram(changed("/MBX5", "/MBX3"), NL50).fields())
    assert "expected 5" in fields["header/baud digit"].problem


def test_missing_end_mark_is_noted_at_the_end(clean: bytes):
    fields = decode_telegram(clean[: clean.index(b"!")], NL50).fields()
    assert "no '!'" in "".join(field.problem for field in fields[-2:])
