"""DSSE v1 envelopes: octets, the type that they are of, and signatures over both.

What is signed is the pre-authentication encoding (PAE), so that a payload cannot be taken for one
of another type.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass

from bench.core.errors import SignatureError
from reports.keys import PrivateKey, TrustedKey, keyid_of, sign, verifies

PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature; `keyid` is the signer's word and proves nothing."""

    keyid: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with its signatures."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Return the envelope as JSON."""
        data = {
            "payloadType": self.payload_type,
            "payload": base64.b64encode(self.payload).decode(),
            "signatures": [
                {"keyid": s.keyid, "sig": base64.b64encode(s.signature).decode()}
                for s in self.signatures
            ],
        }
        return (json.dumps(data, indent=1) + "\n").encode()


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the octets that are signed (DSSE protocol v1.0.0, "PAE")."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_payload(payload: bytes, key: PrivateKey, payload_type: str = PAYLOAD_TYPE) -> Envelope:
    """Return an envelope with one signature."""
    return add_signature(Envelope(payload_type, payload, ()), key)


def add_signature(envelope: Envelope, key: PrivateKey) -> Envelope:
    """Return the envelope with one more signature; SignatureError if this key signed already."""
    keyid = keyid_of(key.public_key())
    if any(s.keyid == keyid for s in envelope.signatures):
        raise SignatureError("this key has signed already")
    signature = Signature(keyid, sign(key, pae(envelope.payload_type, envelope.payload)))
    return Envelope(envelope.payload_type, envelope.payload, (*envelope.signatures, signature))


def decode(content: bytes) -> Envelope:
    """Return the envelope written in `content`.

    Raises SignatureError for anything but the exact form: an envelope that could be read in two
    ways, or changed without notice, is refused.
    """
    try:
        data = json.loads(content.decode("utf-8"))
        if set(data) != {"payloadType", "payload", "signatures"}:
            raise ValueError("its keys are not payloadType, payload and signatures")
        signatures = []
        for row in data["signatures"]:
            if set(row) != {"keyid", "sig"} or not isinstance(row["keyid"], str):
                raise ValueError("a signature is not keyid and sig")
            signatures.append(Signature(row["keyid"], _base64(row["sig"])))
        if not isinstance(data["payloadType"], str):
            raise ValueError("payloadType is not a text")
        envelope = Envelope(data["payloadType"], _base64(data["payload"]), tuple(signatures))
    except (ValueError, TypeError, RecursionError) as error:
        raise SignatureError(f"the envelope is damaged: {error}") from None
    if not envelope.signatures:
        raise SignatureError("the envelope bears no signature")
    return envelope


def trusted_signers(
    envelope: Envelope, trusted: Sequence[TrustedKey]
) -> tuple[list[TrustedKey], list[str]]:
    """Return the trusted keys that signed, and what is wrong with signatures in their names.

    Every trusted key is tried; the keyid in the envelope is a hint that must agree.
    """
    message = pae(envelope.payload_type, envelope.payload)
    signers: list[TrustedKey] = []
    problems: list[str] = []
    for signature in envelope.signatures:
        key = next((t for t in trusted if verifies(t.key, signature.signature, message)), None)
        if key is None:
            if any(t.keyid == signature.keyid for t in trusted):
                problems.append(
                    f"the signature of trusted key {signature.keyid[:16]}… does not fit what it "
                    "claims to sign"
                )
        elif key.keyid != signature.keyid:
            problems.append(
                f"a signature names key {signature.keyid[:16]!r} but was made by {key.keyid[:16]}…"
            )
        else:
            signers.append(key)
    return signers, problems


def _base64(text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError("base64 is expected")
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("base64 is damaged") from None
    if base64.b64encode(octets).decode() != text:
        raise ValueError("base64 is not in its one canonical form")
    return octets
