import re
from decimal import Decimal

import pytest

from bench.core.errors import UsageError
from bench.protocols.p1.formats import generic_value, parse_format
from bench.protocols.p1.timestamp import Timestamp


@pytest.mark.parametrize(
    ("notation", "text", "value", "unit"),
    [
        ("F9(3,3)*kWh", "000123.456*kWh", Decimal("123.456"), "kWh"),
        ("F5(0,0)", "00004", Decimal(4), ""),
        ("F7(0,3)", "1234.567", Decimal("1234.567"), ""),
        ("F7(0,3)", "1234567", Decimal(1234567), ""),
        ("F7(0,3)", "12345.67", Decimal("12345.67"), ""),
        ("Fn(2,2)*GJ", "1.25*GJ", Decimal("1.25"), "GJ"),
        ("-F3(0,0)*A", "-063*A", Decimal(-63), "A"),
        ("F7(3,3)*kvar|kVAr", "0001.500*kVAr", Decimal("1.5"), "kVAr"),
        ("I1..2", "10", 10, ""),
        ("E[0|1|2]", "2", 2, ""),
        ("S0..96", "", "", ""),
        ("S0..96", "4D42", "4D42", ""),
        ("D4", "0002", "0002", ""),
        ("T0..9", "a b/c", "a b/c", ""),
        ("TST", "250714093012S", Timestamp("250714093012S"), ""),
        ("TST12", "250714093012", Timestamp("250714093012"), ""),
        ("TST|632525252525", "632525252525W", Timestamp("632525252525W"), ""),
        ("=0-0:96.7.19", "0-0:96.7.19", "0-0:96.7.19", ""),
        ("~0+(?:\\.0+)?", "000.0", "000.0", ""),
        ("empty", "", "", ""),
    ],
)
def test_text_of_the_format_is_read(notation: str, text: str, value: object, unit: str):
    form = parse_format(notation)
    assert form.fault(text) is None
    assert form.read(text) == (value, unit)


@pytest.mark.parametrize(
    ("notation", "text", "code", "words"),
    [
        ("F9(3,3)*kWh", "00123.4567*kWh", "format", "9 digits, 3 of them after the point"),
        ("F7(0,3)", "123.4567", "format", "0 to 3"),
        ("F9(3,3)*kWh", "000123.456", "unit", "has no unit"),
        ("F9(3,3)*kWh", "000123.456kWh", "unit", "no '\\*' before its unit"),
        ("F9(3,3)*kWh", "hello", "format", "hello"),
        ("F5(0,0)", "00004*", "unit-unexpected", "takes no unit"),
        ("F3(0,0)", "-63", "format", "-63"),
        ("I1..2", "100", "format", "100"),
        ("E[0|1|2]", "01", "enum", "none of 0, 1, 2"),
        ("S0..96", "4D4", "octet-string", "no whole octets"),
        ("S0..4", "4D4D4D", "octet-string-length", "6 characters, 0 to 4"),
        ("S4", "4D", "octet-string-length", "2 characters, 4 are"),
        ("S0..96", "4d", "octet-string-case", "lower-case"),
        ("TST", "250714093012", "timestamp", "and S or W"),
        ("TST", "250732093012W", "timestamp", "calendar"),
        ("TST", "６32525252525W", "timestamp", "YYMMDD"),
    ],
)
def test_text_of_another_format_is_a_fault(notation: str, text: str, code: str, words: str):
    fault = parse_format(notation).fault(text)
    assert fault is not None
    assert fault.code == code
    assert re.search(words, fault.message)


@pytest.mark.parametrize("notation", ["", "F9", "X3", "F9(3)", "~(a)", "kWh"])
def test_what_is_no_notation_is_refused(notation: str):
    with pytest.raises(UsageError):
        parse_format(notation)


def test_generic_value_reads_what_the_text_alone_tells():
    assert generic_value("000.1*kW") == (Decimal("0.1"), "kW")
    assert generic_value("250714093012S") == (Timestamp("250714093012S"), "")
    assert generic_value("00004") == ("00004", "")
