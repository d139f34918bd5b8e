"""ECDSA with keys and signatures as plain octets, as DLMS/COSEM sends them (FIPS 186-4).

A private key is its number, a public key X || Y, a signature r || s; each of the parts has 32
octets on P-256 and 48 on P-384. Signatures are deterministic (RFC 6979), so that a simulated
device gives the same octets for the same seed.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from bench.core.errors import UsageError
from bench.protocols.dlms.security.suite import Curve, Hash

_CURVES: dict[Curve, ec.EllipticCurve] = {Curve.P_256: ec.SECP256R1(), Curve.P_384: ec.SECP384R1()}
_HASHES: dict[Hash, hashes.HashAlgorithm] = {
    Hash.SHA_256: hashes.SHA256(),
    Hash.SHA_384: hashes.SHA384(),
}
_HASH_OF = {Curve.P_256: Hash.SHA_256, Curve.P_384: Hash.SHA_384}
_ORDERS = {
    Curve.P_256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    Curve.P_384: int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
        16,
    ),
}


def private_key_of(curve: Curve, octets: bytes) -> bytes:
    """Return the private key that `octets`, any secret, stand for: 1 to the order less 1."""
    number = int.from_bytes(octets, "big") % (_ORDERS[curve] - 1) + 1
    return number.to_bytes(curve.octets, "big")


def public_key_of(curve: Curve, private: bytes) -> bytes:
    """Return X || Y of a private key; UsageError if it is none of this curve."""
    numbers = load_private(curve, private).public_key().public_numbers()
    return numbers.x.to_bytes(curve.octets, "big") + numbers.y.to_bytes(curve.octets, "big")


def is_public_key(curve: Curve, public: bytes) -> bool:
    """Return whether the octets are X || Y of a point on the curve."""
    return load_public(curve, public) is not None


def sign(curve: Curve, private: bytes, message: bytes) -> bytes:
    """Return r || s; UsageError if `private` is no private key of this curve."""
    key = load_private(curve, private)
    r, s = decode_dss_signature(key.sign(message, _algorithm(curve)))
    return r.to_bytes(curve.octets, "big") + s.to_bytes(curve.octets, "big")


def verify(curve: Curve, public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether r || s is the signature; False for a bad point, length, r or s. No raise."""
    key = load_public(curve, public)
    size = curve.octets
    if key is None or len(signature) != 2 * size:
        return False
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    if not (0 < r < _ORDERS[curve] and 0 < s < _ORDERS[curve]):
        return False
    try:
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(_HASHES[_HASH_OF[curve]]))
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def load_private(curve: Curve, private: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the key of a private number; UsageError if it is none of this curve."""
    number = int.from_bytes(private, "big")
    if len(private) != curve.octets or not 0 < number < _ORDERS[curve]:
        raise UsageError(
            f"the private key of {len(private)} octets is none of {curve}: {curve.octets} octets, "
            "a number from 1 to the order of the curve less 1"
        )
    return ec.derive_private_key(number, _CURVES[curve])


@lru_cache(maxsize=64)
def load_public(curve: Curve, public: bytes) -> ec.EllipticCurvePublicKey | None:
    """Return the key of X || Y; None if that is no point of the curve."""
    size = curve.octets
    if len(public) != 2 * size:
        return None
    x, y = int.from_bytes(public[:size], "big"), int.from_bytes(public[size:], "big")
    try:
        return ec.EllipticCurvePublicNumbers(x, y, _CURVES[curve]).public_key()
    except ValueError:
        return None


@lru_cache(maxsize=2)
def _algorithm(curve: Curve) -> ec.ECDSA:
    """Return the way to sign: deterministic where the OpenSSL underneath can do that."""
    try:
        return ec.ECDSA(_HASHES[_HASH_OF[curve]], deterministic_signing=True)
    except UnsupportedAlgorithm:
        return ec.ECDSA(_HASHES[_HASH_OF[curve]])
