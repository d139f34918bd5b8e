"""References become keys at run time, and keys show themselves nowhere."""

import base64
import copy
import json
import pickle

import pytest

from adapters.base import LinkUrl
from bench.core.errors import UsageError
from bench.core.ics import KeyItem
from bench.engine.preparation import parse_declaration, prepare
from bench.engine.secrets import Secret, check_secrets, declared_secret, resolve_secret

KEY = bytes.fromhex("5A17C0FFEE5A17C0FFEE5A17C0FFEE5A")
SPELLINGS = (
    KEY.hex(),
    KEY.hex().upper(),
    KEY.hex(" "),
    repr(KEY),
    str(list(KEY)),
    base64.b64encode(KEY).decode(),
)
SIMULATED = LinkUrl.parse("simulated:p1?profile=lu&encrypted=yes")


def hidden(text: str) -> bool:
    return not any(spelling in text for spelling in SPELLINGS)


@pytest.mark.parametrize(
    "text",
    [KEY.hex(), KEY.hex().upper(), f"{KEY.hex()}\n", KEY.hex(" "), KEY.hex(":"), KEY.hex("-")],
)
def test_digits_of_the_environment_and_of_a_file(text, monkeypatch, tmp_path):
    monkeypatch.setenv("A_KEY", text)
    (tmp_path / "key").write_text(text)
    found = [resolve_secret(f"{where}") for where in ("env:A_KEY", f"file:{tmp_path / 'key'}")]
    assert [secret.reveal() for secret in found] == [KEY, KEY]
    assert found[0].reference == "env:A_KEY"


def test_bare_octets_of_a_file(tmp_path):
    (tmp_path / "key").write_bytes(KEY)
    assert resolve_secret(f"file:{tmp_path / 'key'}").reveal() == KEY


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "something else than 32 hexadecimal digits"),
        (KEY.hex().encode()[:-2], "holds 30 hexadecimal digits where 32 are needed"),
        (KEY.hex().encode() + b"00", "holds 34 hexadecimal digits"),
        (b"0x" + KEY.hex().encode(), "something else"),
        (KEY + b"\n", "something else"),
        (b"\xff" * 5000, "something else"),
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(content, words, tmp_path):
    (tmp_path / "key").write_bytes(content)
    reference = f"file:{tmp_path / 'key'}"
    with pytest.raises(UsageError) as caught:
        resolve_secret(reference)
    assert words in str(caught.value)
    assert reference in str(caught.value)
    assert hidden(str(caught.value))


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:NO_SUCH_VARIABLE", "the environment variable NO_SUCH_VARIABLE is not set"),
        ("file:/no/such/file", "file:/no/such/file: cannot be read: No such file"),
        ("file:a\0b", "cannot be read"),
        ("pkcs11:object=k?pin-source=x", "pkcs11:object=k: keys of a security module need"),
        ("simulated:p1/encryption", "the link leads elsewhere"),
    ],
)
def test_each_unusable_reference_says_why(reference, words, monkeypatch):
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    with pytest.raises(UsageError) as caught:
        resolve_secret(reference, LinkUrl.parse("tcp://127.0.0.1:1"))
    assert words in str(caught.value)


@pytest.mark.parametrize("written", [KEY.hex(), f"hex:{KEY.hex()}", KEY.hex(" "), "", ":"])
def test_a_key_in_place_of_a_reference_is_not_repeated(written):
    with pytest.raises(UsageError) as caught:
        resolve_secret(written)
    assert "env:NAME or file:PATH" in str(caught.value)
    assert hidden(str(caught.value))


def test_key_of_the_built_in_device_follows_its_seed():
    one = resolve_secret("simulated:p1/encryption", SIMULATED)
    other = resolve_secret(
        "simulated:p1/encryption", LinkUrl.parse("simulated:p1?profile=lu&seed=4")
    )
    assert len(one.reveal()) == 16
    assert one != other
    assert one == resolve_secret("simulated:p1/encryption", SIMULATED)
    with pytest.raises(UsageError, match="there is no such key"):
        resolve_secret("simulated:p1/master", SIMULATED)


def test_a_secret_shows_its_reference_and_nothing_else():
    secret = Secret(KEY, "env:A_KEY")
    for text in (repr(secret), str(secret), f"{secret}", f"{secret:>60}", f"{[secret]}"):
        assert "env:A_KEY" in text
        assert hidden(text)
    with pytest.raises(TypeError) as caught:
        pickle.dumps(secret)
    assert hidden(str(caught.value))
    for attempt in (copy.copy, copy.deepcopy, json.dumps, hash, bytes):
        with pytest.raises(TypeError):
            attempt(secret)
    assert secret != KEY
    assert not hasattr(secret, "__dict__")


DECLARATION = """\
schema = 1
[item]
manufacturer = "m"
type = "t"
serial = "s"
[p1]
profile = "lu"
link = "tcp://127.0.0.1:2001"
[p1.ics]
"P1/ENCRYPTED" = true
"""


def prepared(keys: str):
    return prepare(parse_declaration(f"{DECLARATION}[p1.keys]\n{keys}\n", "device.toml"))


def test_declared_keys_are_named_to_cases_and_read_when_asked_for(monkeypatch):
    monkeypatch.setenv("A_KEY", KEY.hex())
    preparation = prepared('encryption = "env:A_KEY"')
    assert preparation.targets["p1"].values["keys.encryption"] == "env:A_KEY"
    secret = declared_secret(preparation, "p1", "encryption")
    assert secret is not None
    assert secret.reveal() == KEY
    assert declared_secret(preparation, "p1", "authentication") is None
    check_secrets(preparation)
    monkeypatch.delenv("A_KEY")
    with pytest.raises(UsageError, match=r"\[p1.keys\] encryption: env:A_KEY: .* is not set"):
        check_secrets(preparation)


def test_the_key_of_the_built_in_device_opens_no_other():
    with pytest.raises(UsageError, match="the link leads elsewhere"):
        check_secrets(prepared('encryption = "simulated:p1/encryption"'))


def test_cases_that_need_a_key_are_blocked_without_one():
    rows = {row.id: row for row in prepare(parse_declaration(DECLARATION, "d")).plan()}
    for case in ("P1-A-111", "P1-A-112"):
        assert rows[case].applicability == "blocked"
        assert '[p1.keys] encryption = "env:NAME"' in rows[case].reason
    for case in ("P1-A-110", "P1-A-113", "P1-A-114", "P1-A-116"):
        assert rows[case].applicability == "selected"


def test_a_misspelt_key_is_a_mistake_of_the_declaration():
    with pytest.raises(UsageError.__mro__[1], match="encyrption: unknown key"):
        prepared('encyrption = "env:A_KEY"')


# -- keys of other lengths, and passwords


def _resolved(reference, **item):
    from bench.engine.secrets import _resolve

    return _resolve(reference, None, KeyItem("keys.x", "?", **item))


def test_a_password_stands_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("A_PASSWORD", "abc 12")
    (tmp_path / "password").write_bytes(b"abc 12\r\n")
    for reference in ("env:A_PASSWORD", f"file:{tmp_path / 'password'}"):
        assert _resolved(reference, text=True).reveal() == b"abc 12"


def test_an_empty_password_file_says_so(tmp_path):
    (tmp_path / "password").write_bytes(b"\n")
    with pytest.raises(UsageError, match="is empty; write the password as it is into it"):
        _resolved(f"file:{tmp_path / 'password'}", text=True)


def test_hexadecimal_digits_in_a_file_are_not_taken_for_the_octets_themselves(tmp_path):
    (tmp_path / "key").write_text("0f" * 16)
    (tmp_path / "bare").write_bytes(b"\xc0" * 32)
    assert _resolved(f"file:{tmp_path / 'key'}", octets=(16, 32)).reveal() == b"\x0f" * 16
    assert len(_resolved(f"file:{tmp_path / 'bare'}", octets=(16, 32)).reveal()) == 32


def test_a_key_may_have_several_lengths(monkeypatch):
    monkeypatch.setenv("A_KEY", "00" * 32)
    assert len(_resolved("env:A_KEY", octets=(16, 32)).reveal()) == 32
    monkeypatch.setenv("A_KEY", "00" * 31)
    with pytest.raises(UsageError, match="holds 62 hexadecimal digits where 32 or 64 are needed"):
        _resolved("env:A_KEY", octets=(16, 32))
