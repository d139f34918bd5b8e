"""Declarations: all mistakes at once, each with its line, and keys never repeated."""

import pytest

from bench.core.declaration import read_declaration
from bench.core.errors import DeclarationError
from bench.core.ics import Proforma

PROFORMA = Proforma.from_data(
    {
        "ics": [{"id": "P1/POLYPHASE", "question": "?", "clause": "c", "status": "o"}],
        "ixit": [{"id": "equipment_id", "question": "?", "type": "text"}],
    }
)
GOOD = """\
schema = 1

[item]
manufacturer = "Maker"
type = "M1"
serial = "0001"

[p1]
profile = "nl50"
link = "tcp://127.0.0.1:1"
"""


def read(text):
    profiles = {"nl50": "nl50", "dsmr5": "nl50"}
    return read_declaration(text, "device.toml", {"p1": PROFORMA}, {"p1": profiles})


def mistakes(text):
    with pytest.raises(DeclarationError) as caught:
        read(text)
    return caught.value


def test_a_declaration_without_mistakes():
    declaration = read(GOOD)
    assert declaration.text == GOOD
    assert declaration.item.serial == "0001"
    assert not declaration.limits.allow_destructive
    assert list(declaration.interfaces) == ["p1"]
    assert declaration.interfaces["p1"].role == "meter"


def test_all_mistakes_come_at_once_with_their_lines():
    error = mistakes(
        """\
schema = 2

[item]
manufacturer = "Maker"
type = ""
colour = "grey"

[p1]
profile = "nl99"
role = "judge"

[p1.ics]
"P1/POLYFASE" = true
"P1/POLYPHASE" = 1

[p1.ixit]
equipment_id = 7
"""
    )
    found = {m.path: m.message for m in error.mistakes}
    assert set(found) == {
        "line 1: schema",
        "line 5: item.type",
        "line 3: item.serial",
        "line 6: item.colour",
        "line 9: p1.profile",
        "line 8: p1.link",
        "line 10: p1.role",
        'line 13: p1.ics."P1/POLYFASE"',
        'line 14: p1.ics."P1/POLYPHASE"',
        "line 17: p1.ixit.equipment_id",
    }
    assert found["line 3: item.serial"] == "is missing"
    assert found["line 9: p1.profile"] == "unknown edition"
    assert str(error).startswith("device.toml: 10 mistakes\n")
    assert "write: one of nl50, dsmr5" in str(error)
    assert "write: P1/POLYPHASE, perhaps" in str(error)
    assert error.exit_code == 2


def test_no_interface_at_all():
    error = mistakes(GOOD.split("[p1]")[0])
    assert [m.message for m in error.mistakes] == ["no interface is declared"]
    assert "1 mistake\n" in str(error)


def test_an_interface_without_suite():
    error = mistakes(GOOD + '\n[wan]\nprofile = "x"\nlink = "tcp://h:1"\n')
    (mistake,) = error.mistakes
    assert mistake.path == "line 12: wan"
    assert mistake.message == "no suite for this interface is installed (there are: p1)"


def test_a_syntax_error_is_named_with_line_and_column():
    (mistake,) = mistakes("schema = 1\n[item\n").mistakes
    assert "line 2, column 6" in mistake.message


@pytest.mark.parametrize(
    "text", ["p1 = 3\nschema = 1", "schema = 1\nitem = []\np1 = []", "schema = 1\n[[p1]]\nx=1"]
)
def test_a_value_where_a_table_belongs_is_a_mistake_too(text):
    assert mistakes(text).mistakes


SECRET = "00112233445566778899AABBCCDDEEFF"


@pytest.mark.parametrize(
    "keys",
    [
        f'[p1.keys]\nencryption = "{SECRET}"',
        f'[p1.keys]\nencryption = ["{SECRET}"]',
        f'[p1.keys]\nencryption = {{value = "{SECRET}"}}',
        f'[p1.keys]\nencryption = "env: {SECRET}"',
        f'[p1.keys]\nencryption = "pkcs11:object=k?pin-value={SECRET}"',
        f'[p1]\nkeys = "{SECRET}"',
        f'[p1]\nkeys = ["{SECRET}"]',
        f'[p1]\nencryption = "{SECRET}"',
        f'[p1.ixit]\nencryption = "{SECRET}"',
        f'[keys]\nencryption = "{SECRET}"',
        f'[item]\nencryption = "{SECRET}"',
    ],
)
def test_a_key_given_as_a_value_is_refused_and_never_repeated(keys):
    head, p1 = GOOD.split("[p1]\n")
    table, _, rest = keys.partition("\n")
    if table == "[p1]":
        text = f"{head}{table}\n{rest}\n{p1}"
    elif table == "[item]":
        text = head.replace("[item]\n", f"[item]\n{rest}\n") + f"[p1]\n{p1}"
    else:
        text = f"{GOOD}\n{keys}\n"
    error = mistakes(text)
    assert SECRET not in str(error)
    assert SECRET not in "".join(m.value + m.remedy + m.message for m in error.mistakes)
    assert any(m.path.startswith("line ") for m in error.mistakes)


def test_a_key_given_as_a_value_gets_the_line_to_write_instead():
    (mistake,) = mistakes(f'{GOOD}\n[p1.keys]\nencryption = "{SECRET}"\n').mistakes
    assert mistake.path == "line 13: p1.keys.encryption"
    assert mistake.message == "a key must be a reference, never the key itself"
    assert mistake.remedy == 'encryption = "env:NAME"'


@pytest.mark.parametrize(
    "reference",
    ["env:METER_KEY", "file:/etc/key", "pkcs11:token=a;object=b", "simulated:p1/encryption"],
)
def test_a_reference_to_a_key_is_kept(reference):
    declaration = read(f'{GOOD}\n[p1.keys]\nencryption = "{reference}"\n')
    assert declaration.interfaces["p1"].keys == {"encryption": reference}


def test_a_long_value_is_shortened():
    (mistake,) = mistakes(GOOD.replace("schema = 1", f'schema = "{"x" * 500}"')).mistakes
    assert len(mistake.value) == 60
