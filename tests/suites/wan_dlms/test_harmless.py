"""What may be changed in a meter, and that it is changed back."""

import pytest

from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.data_types import Data, DataType, octet_string
from suites.wan_dlms.harmless import Text, kept, needed_text, script_of, text_of
from suites.wan_dlms.services import attribute_of

_TEXT = Text(attribute_of(1, "0.0.96.13.0.255", 2), 20)


@pytest.mark.parametrize("held", [b"", b"meterbench meterbenc", b"meterbench"])
@pytest.mark.parametrize("octets", [None, 1, 10, 20, 300])
@pytest.mark.parametrize("kind", [DataType.OCTET_STRING, DataType.VISIBLE_STRING])
def test_another_string_is_another_one_of_the_same_type(kind, octets, held) -> None:
    value = held if kind == DataType.OCTET_STRING else held.decode()
    other = _TEXT.other(Data(kind, value), octets)
    assert other != Data(kind, value)
    assert other.type == kind
    assert len(other.value) == (20 if octets is None else octets)


def test_without_a_declared_length_strings_stay_short() -> None:
    text = Text(_TEXT.descriptor, None)
    assert len(text.other(octet_string(b"")).value) == 40
    assert len(text.other(octet_string(b""), 300).value) == 300


def test_what_was_written_is_written_back(meter_of) -> None:
    meter = meter_of()
    text = needed_text(meter)
    with meter.associate("main") as aa:
        before = text.read(aa)
        with kept(meter, text, aa) as held:
            assert held == before
            assert aa.set(*text.target, text.other(held)).ok
            assert text.read(aa) != before
    with meter.associate("main") as aa:
        assert text.read(aa) == before


def test_it_is_written_back_after_the_link_has_ended(meter_of) -> None:
    meter = meter_of()
    text = needed_text(meter)
    with meter.associate("main") as aa, kept(meter, text, aa) as before:
        aa.set(*text.target, octet_string(b"something else"))
        aa.transport.close()
    with meter.associate("main") as aa:
        assert text.read(aa) == before


def test_executions_are_counted(meter_of) -> None:
    meter = meter_of()
    script = script_of(meter)
    assert script is not None
    with meter.associate("main") as aa:
        before = script.count(aa)
        assert aa.action(*script.target, script.parameter).ok
        assert script.count(aa) == before + 1


def test_nothing_is_harmless_unless_it_is_declared(meter_of) -> None:
    meter = meter_of(ixit={})
    values = dict(meter.declared.values)
    for name in ("writable_object", "action_object", "action_counter"):
        values.pop(name, None)
    object.__setattr__(meter.declared, "values", values)
    assert text_of(meter) is None
    assert script_of(meter) is None
    with pytest.raises(Inconclusive) as found:
        needed_text(meter)
    assert found.value.reason is Reason.IXIT


@pytest.mark.parametrize(
    ("name", "find"),
    [("writable_object", text_of), ("action_object", script_of), ("action_counter", script_of)],
)
def test_a_name_that_is_none_is_told(meter_of, name, find) -> None:
    meter = meter_of()
    values = {**meter.declared.values, name: "nonsense"}
    object.__setattr__(meter.declared, "values", values)
    with pytest.raises(Inconclusive, match=name):
        find(meter)


def test_what_holds_no_string_is_told(meter_of) -> None:
    meter = meter_of()
    number = Text(attribute_of(1, "0.0.96.15.0.255", 2), 20)
    with meter.associate("main") as aa, pytest.raises(Inconclusive, match="holds no string"):
        number.read(aa)
