"""Signing keys and the public keys that a verifier trusts.

Ed25519 by default, ECDSA P-256 where a laboratory has one. Key material and passphrases never
appear in a message; library errors are dropped (`from None`) because they may quote their input.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from bench.core.errors import SignatureError, UsageError

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey

_PEM = re.compile(rb"-----BEGIN (?P<label>[A-Z0-9 ]+)-----\s.*?-----END (?P=label)-----", re.DOTALL)
_FOLDER_SUFFIXES = frozenset({".pem", ".pub", ".crt", ".cer"})
_SECRET_MODE = 0o600


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where a new key pair was written, and its id."""

    private: Path
    public: Path
    keyid: str
    encrypted: bool


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key that the verifier trusts, with where it came from.

    `subject` and the validity period are those of an X.509 certificate; a bare key has none.
    """

    key: PublicKey
    keyid: str
    source: str
    subject: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None


def keyid_of(key: PublicKey) -> str:
    """Return the SHA-256 (hex) of the key's DER SubjectPublicKeyInfo."""
    der = key.public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def new_key(path: Path, passphrase: str | None, *, ecdsa: bool = False) -> KeyFiles:
    """Write a new private key to `path` (mode 0600) and its public key to `path`.pub.

    Encrypted when a passphrase is given. Raises UsageError rather than overwrite either file.
    """
    public_path = path.with_name(path.name + ".pub")
    for existing in (path, public_path):
        if existing.exists() or existing.is_symlink():
            raise UsageError(f"{existing} exists; a key is never overwritten, choose another name")
    if passphrase == "":
        raise UsageError("the passphrase is empty; give one, or ask for none with --no-passphrase")
    key: PrivateKey = (
        ec.generate_private_key(ec.SECP256R1()) if ecdsa else ed25519.Ed25519PrivateKey.generate()
    )
    protection: ser.KeySerializationEncryption = (
        ser.NoEncryption()
        if passphrase is None
        else ser.BestAvailableEncryption(passphrase.encode())
    )
    private_pem = key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, protection)
    public = key.public_key()
    public_pem = public.public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo)
    _write_new(path, private_pem, _SECRET_MODE)
    _write_new(public_path, public_pem, 0o644)
    return KeyFiles(path, public_path, keyid_of(public), passphrase is not None)


def is_encrypted(path: Path) -> bool:
    """Return whether the private key in `path` needs a passphrase; UsageError if unreadable."""
    return b"ENCRYPTED" in _read(path)


def load_private(path: Path, passphrase: str | None) -> PrivateKey:
    """Return the private key of a PEM file.

    Raises UsageError if the file cannot be read, and SignatureError, each with its own message,
    for a wrong or missing passphrase, a public key or certificate, and what is no usable key.
    """
    content = _read(path)
    labels = [match["label"] for match in _PEM.finditer(content)]
    if not any(label.endswith(b"PRIVATE KEY") for label in labels):
        if any(label.endswith(b"PUBLIC KEY") or label == b"CERTIFICATE" for label in labels):
            raise SignatureError(
                f"{path} holds a public key; signing needs the private one (the file without .pub)"
            )
        raise SignatureError(f"{path} is not a private key in PEM form")
    secret = None if passphrase is None else passphrase.encode()
    encrypted = b"ENCRYPTED" in content
    if encrypted and not secret:
        raise SignatureError(
            f"{path} is protected by a passphrase; enter it, or set METERBENCH_KEY_PASSPHRASE"
        )
    try:
        key = ser.load_pem_private_key(content, secret if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        why = "the passphrase is wrong" if encrypted else "its content is damaged"
        raise SignatureError(f"{path} does not open: {why}") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise SignatureError(f"{path} is of another kind of key; use Ed25519 or ECDSA P-256")


def load_trusted(path: Path) -> tuple[TrustedKey, ...]:
    """Return the public keys of a PEM file or of the files in a folder, at least one.

    A file may hold several public keys and X.509 certificates. In a folder, the files whose names
    end in .pem, .pub, .crt or .cer count. Raises UsageError for what cannot be read, and
    SignatureError for a private key, for what is no key, and when there is none.
    """
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix in _FOLDER_SUFFIXES)
        if not files:
            raise SignatureError(f"{path} holds no .pem, .pub, .crt or .cer file")
        return tuple(key for file in files for key in _trusted_in(file))
    return tuple(_trusted_in(path))


def sign(key: PrivateKey, message: bytes) -> bytes:
    """Return the signature: Ed25519, or ECDSA P-256 with SHA-256 in DER form."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


def verifies(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Return whether `signature` over `message` was made with the other half of `key`."""
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _trusted_in(path: Path) -> list[TrustedKey]:
    found = [_trusted(match[0], match["label"], path) for match in _PEM.finditer(_read(path))]
    if not found:
        raise SignatureError(f"{path} holds no public key or certificate in PEM form")
    return found


def _trusted(block: bytes, label: bytes, path: Path) -> TrustedKey:
    if label.endswith(b"PRIVATE KEY"):
        raise SignatureError(f"{path} is a private key; a verifier gets the public one (.pub)")
    try:
        if label == b"CERTIFICATE":
            certificate = x509.load_pem_x509_certificate(block)
            key = _usable(certificate.public_key(), path)
            return TrustedKey(
                key,
                keyid_of(key),
                str(path),
                certificate.subject.rfc4514_string(),
                certificate.not_valid_before_utc,
                certificate.not_valid_after_utc,
            )
        key = _usable(ser.load_pem_public_key(block), path)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SignatureError(f"{path} holds a public key or certificate that is damaged") from None
    return TrustedKey(key, keyid_of(key), str(path))


def _usable(key: object, path: Path) -> PublicKey:
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise SignatureError(f"{path} holds another kind of key; use Ed25519 or ECDSA P-256")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
