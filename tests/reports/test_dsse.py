import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import SignatureError
from reports.dsse import add_signature, decode, pae, sign_payload, trusted_signers
from reports.keys import TrustedKey, keyid_of


def test_pae_known_answer() -> None:
    # The example of the DSSE protocol specification v1.0.0.
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("", b"") == b"DSSEv1 0  0 "


@given(st.text(max_size=8), st.binary(max_size=8), st.text(max_size=8), st.binary(max_size=8))
def test_pae_of_different_things_differs(a: str, b: bytes, c: str, d: bytes) -> None:
    assert (pae(a, b) == pae(c, d)) == ((a, b) == (c, d))


def test_an_envelope_survives_writing_and_reading(lab: Any) -> None:
    envelope = sign_payload(b'{"a":1}', lab.key)
    again = decode(envelope.encode())
    assert again == envelope
    signers, problems = trusted_signers(again, lab.trusted)
    assert [key.keyid for key in signers] == [lab.trusted[0].keyid]
    assert not problems


def test_a_second_signature_covers_the_same_payload(lab: Any, stranger: Any) -> None:
    both = add_signature(sign_payload(b"x", lab.key), stranger.key)
    signers, problems = trusted_signers(both, (*stranger.trusted, *lab.trusted))
    assert len(signers) == 2
    assert not problems
    with pytest.raises(SignatureError, match="signed already"):
        add_signature(both, lab.key)


def test_ecdsa_signs_too() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    trusted = TrustedKey(public, keyid_of(public), "p256")
    signers, _ = trusted_signers(sign_payload(b"x", key), [trusted])
    assert signers == [trusted]


def test_a_stranger_is_no_trusted_signer(lab: Any, stranger: Any) -> None:
    assert trusted_signers(sign_payload(b"x", stranger.key), lab.trusted) == ([], [])


def test_a_forged_keyid_is_a_problem(lab: Any, stranger: Any) -> None:
    data = json.loads(sign_payload(b"x", stranger.key).encode())
    data["signatures"][0]["keyid"] = lab.trusted[0].keyid
    signers, problems = trusted_signers(decode(json.dumps(data).encode()), lab.trusted)
    assert not signers
    assert "does not fit" in problems[0]
    data = json.loads(sign_payload(b"x", lab.key).encode())
    data["signatures"][0]["keyid"] = "0" * 64
    signers, problems = trusted_signers(decode(json.dumps(data).encode()), lab.trusted)
    assert not signers
    assert "names key" in problems[0]


def test_another_payload_type_breaks_the_signature(lab: Any) -> None:
    data = json.loads(sign_payload(b"x", lab.key).encode())
    data["payloadType"] = "text/plain"
    signers, problems = trusted_signers(decode(json.dumps(data).encode()), lab.trusted)
    assert not signers
    assert problems


def test_any_flipped_bit_is_noticed(lab: Any) -> None:
    content = sign_payload(b'{"a":1}', lab.key).encode()
    for position in range(len(content) * 8):
        changed = bytearray(content)
        changed[position // 8] ^= 1 << position % 8
        try:
            signers, _ = trusted_signers(decode(bytes(changed)), lab.trusted)
        except SignatureError:
            continue
        assert not signers, position


def damaged() -> list[bytes]:
    good = {"payloadType": "t", "payload": "eA==", "signatures": [{"keyid": "k", "sig": "eA=="}]}
    rows: list[dict[str, Any]] = [
        {**good, "payload": "eA"},
        {**good, "payload": "eB=="},  # decodes like eA==, but is not the canonical form
        {**good, "payload": "e A=="},
        {**good, "payload": 1},
        {**good, "payloadType": None},
        {**good, "signatures": []},
        {**good, "signatures": [{"sig": "eA=="}]},
        {**good, "signatures": ["x"]},
        {**good, "more": 1},
        {"payload": "eA=="},
    ]
    return [b"", b"[]", b"null", b"\xff", b"[" * 100_000, *(json.dumps(r).encode() for r in rows)]


@pytest.mark.parametrize("content", damaged())
def test_a_damaged_envelope_is_refused(content: bytes) -> None:
    assert base64.b64decode("eB==") == base64.b64decode("eA==")
    with pytest.raises(SignatureError, match="envelope"):
        decode(content)
