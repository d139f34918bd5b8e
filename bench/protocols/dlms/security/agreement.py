"""Key agreement: Diffie-Hellman on the curve of the suite and the key from it (NIST SP 800-56A).

    scheme                                     secret of            PartyU        PartyV
    ephemeral unified C(2e, 0s), key_agreement both ephemeral keys  client        server
    one-pass C(1e, 1s), general-ciphering 01   ephemeral, static    originator    recipient
    static unified C(0e, 2s), general- ... 02  both static keys     originator    transaction-id,
                                                                                  recipient

The parties are system titles. The derived key is Hash(00000001 || Z || AlgorithmID || PartyU ||
PartyV), of which the first octets are taken (IEC 62056-5-3 §5.3.4.6.5, annex I.1).
"""

from hashlib import sha256, sha384

from cryptography.hazmat.primitives.asymmetric import ec

from bench.core.errors import UsageError
from bench.protocols.dlms.security import ecdsa
from bench.protocols.dlms.security.keys import KeyId
from bench.protocols.dlms.security.options import (
    STANDARD,
    EphemeralSignature,
    SecurityOptions,
)
from bench.protocols.dlms.security.suite import Curve, Hash, SecuritySuite
from bench.protocols.dlms.writer import encode_length

_COUNTER = b"\x00\x00\x00\x01"
_ALGORITHM = bytes.fromhex("608574050803")
_AES_GCM, _AES_WRAP = 0, 2
"""The last arc of the algorithm for keys of 16 octets; that for 32 octets follows it."""
ONE_PASS = b"\x01"
"""The key-info parameters of one-pass Diffie-Hellman."""
STATIC_UNIFIED = b"\x02"
"""The key-info parameters of the static unified model."""


def curve_of(suite: SecuritySuite) -> Curve:
    """Return the curve of a suite; UsageError if it has none."""
    if suite.curve is None:
        raise UsageError(f"suite {suite.number} has no curve; key agreement needs suite 1 or 2")
    return suite.curve


def shared_secret(curve: Curve, private: bytes, public: bytes) -> bytes | None:
    """Return Z; None if `public` is no point. UsageError if `private` is no private key."""
    key = ecdsa.load_private(curve, private)
    other = ecdsa.load_public(curve, public)
    return None if other is None else key.exchange(ec.ECDH(), other)


def derive_key(
    suite: SecuritySuite,
    secret: bytes,
    party_u: bytes,
    party_v: bytes,
    options: SecurityOptions = STANDARD,
    *,
    key_id: int = KeyId.GLOBAL_UNICAST_ENCRYPTION,
) -> bytes:
    """Return the key of the suite from Z; a single step, as a hash is never shorter than a key.

    The AlgorithmID is that of AES-GCM, and of AES key wrap where the master key is derived.
    """
    octets = options.derived_key_octets or suite.key_octets
    arc = _AES_WRAP if key_id == KeyId.MASTER else _AES_GCM
    algorithm = _ALGORITHM + bytes((arc + (suite.key_octets == 32),))
    curve_of(suite)
    make = sha256 if suite.hash is Hash.SHA_256 else sha384
    return make(_COUNTER + secret + algorithm + party_u + party_v).digest()[:octets]


def ephemeral_unified(
    suite: SecuritySuite,
    private: bytes,
    public: bytes,
    client: bytes,
    server: bytes,
    options: SecurityOptions = STANDARD,
    *,
    key_id: int = KeyId.GLOBAL_UNICAST_ENCRYPTION,
) -> bytes | None:
    """Return the key of key_agreement; both keys are ephemeral. None if `public` is no point."""
    secret = shared_secret(curve_of(suite), private, public)
    if secret is None:
        return None
    return derive_key(suite, secret, client, server, options, key_id=key_id)


def one_pass(
    suite: SecuritySuite,
    private: bytes,
    public: bytes,
    originator: bytes,
    recipient: bytes,
    options: SecurityOptions = STANDARD,
) -> bytes | None:
    """Return the key of one message; the originator's key is ephemeral. None: no point."""
    secret = shared_secret(curve_of(suite), private, public)
    return None if secret is None else derive_key(suite, secret, originator, recipient, options)


def static_unified(
    suite: SecuritySuite,
    private: bytes,
    public: bytes,
    originator: bytes,
    recipient: bytes,
    transaction_id: bytes,
    options: SecurityOptions = STANDARD,
) -> bytes | None:
    """Return the key of one transaction; both keys are static. None if `public` is no point."""
    secret = shared_secret(curve_of(suite), private, public)
    if secret is None:
        return None
    party_v = encode_length(len(transaction_id)) + transaction_id + recipient
    return derive_key(suite, secret, originator, party_v, options)


def key_agreement_data(
    suite: SecuritySuite, key_id: int, ephemeral_private: bytes, signing_private: bytes
) -> bytes:
    """Return the key_data of key_agreement, both ways: X || Y || signature of key_id || X || Y."""
    curve = curve_of(suite)
    point = ecdsa.public_key_of(curve, ephemeral_private)
    return point + ecdsa.sign(curve, signing_private, _key_id(key_id) + point)


def key_agreement_point(
    suite: SecuritySuite, key_id: int, data: bytes, signing_public: bytes
) -> bytes | None:
    """Return X || Y of the other's key_data; None if the signature or the point is wrong."""
    return _signed_point(curve_of(suite), data, signing_public, _key_id(key_id))


def ephemeral_data(
    suite: SecuritySuite,
    ephemeral_private: bytes,
    signing_private: bytes,
    options: SecurityOptions = STANDARD,
) -> bytes:
    """Return the key-ciphered-data of one-pass Diffie-Hellman: X || Y || signature."""
    curve = curve_of(suite)
    point = ecdsa.public_key_of(curve, ephemeral_private)
    return point + ecdsa.sign(curve, signing_private, _before(options) + point)


def ephemeral_point(
    suite: SecuritySuite, data: bytes, signing_public: bytes, options: SecurityOptions = STANDARD
) -> bytes | None:
    """Return X || Y of key-ciphered-data; None if the signature or the point is wrong."""
    return _signed_point(curve_of(suite), data, signing_public, _before(options))


def _signed_point(curve: Curve, data: bytes, signing_public: bytes, before: bytes) -> bytes | None:
    """Return the point before a signature of `before` and the point."""
    size = 2 * curve.octets
    point, signature = data[:size], data[size:]
    if not ecdsa.is_public_key(curve, point):
        return None
    valid = ecdsa.verify(curve, signing_public, before + point, signature)
    return point if valid else None


def _before(options: SecurityOptions) -> bytes:
    """Return what the signature of an ephemeral key covers before the point."""
    return ONE_PASS if options.ephemeral_signature is EphemeralSignature.SCHEME_AND_POINT else b""


def _key_id(key_id: int) -> bytes:
    """Return the octet of a key id."""
    if not 0 <= key_id <= 0xFF:
        raise UsageError(f"key id {key_id} is no number of 8 bits")
    return bytes((key_id,))
