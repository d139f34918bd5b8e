import hashlib
import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from bench.core.errors import SignatureError, UsageError
from reports.keys import is_encrypted, keyid_of, load_private, load_trusted, new_key, sign, verifies

SECRET = "correct horse battery"


def public_pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo)


def certificate_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Laboratory")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
        .public_bytes(ser.Encoding.PEM)
    )


@pytest.mark.parametrize("ecdsa", [False, True])
@pytest.mark.parametrize("passphrase", [None, SECRET])
def test_a_new_key_signs_and_its_public_half_verifies(
    tmp_path: Path, ecdsa: bool, passphrase: str | None
) -> None:
    files = new_key(tmp_path / "lab.pem", passphrase, ecdsa=ecdsa)
    assert files.private == tmp_path / "lab.pem"
    assert files.public == tmp_path / "lab.pem.pub"
    assert stat.S_IMODE(files.private.stat().st_mode) == 0o600
    assert is_encrypted(files.private) is files.encrypted is (passphrase is not None)
    signature = sign(load_private(files.private, passphrase), b"message")
    (trusted,) = load_trusted(files.public)
    assert trusted.keyid == files.keyid
    assert verifies(trusted.key, signature, b"message")
    assert not verifies(trusted.key, signature, b"massage")
    assert not verifies(trusted.key, signature[:-1], b"message")
    assert not verifies(trusted.key, b"", b"message")


def test_ed25519_is_the_default(tmp_path: Path) -> None:
    new_key(tmp_path / "k", None)
    assert isinstance(load_private(tmp_path / "k", None), ed25519.Ed25519PrivateKey)


def test_the_keyid_is_the_digest_of_the_public_key_info(tmp_path: Path) -> None:
    files = new_key(tmp_path / "k", None)
    key = ser.load_pem_public_key(files.public.read_bytes())
    der = key.public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
    assert files.keyid == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("taken", ["lab.pem", "lab.pem.pub"])
def test_a_key_is_never_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("precious")
    with pytest.raises(UsageError, match=f"{taken} exists"):
        new_key(tmp_path / "lab.pem", None)
    assert [p.name for p in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "precious"


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="empty"):
        new_key(tmp_path / "k", "")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere/k cannot be written"):
        new_key(tmp_path / "nowhere" / "k", None)


@pytest.mark.parametrize(
    ("passphrase", "said"),
    [
        ("Tr0ub4dor", "the passphrase is wrong"),
        (None, "is protected by a passphrase"),
        ("", "is protected by a passphrase"),
    ],
)
def test_each_passphrase_mistake_has_its_message(
    tmp_path: Path, passphrase: str | None, said: str
) -> None:
    files = new_key(tmp_path / "k", SECRET)
    with pytest.raises(SignatureError, match=said) as caught:
        load_private(files.private, passphrase)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    for secret in (SECRET, passphrase, files.private.read_text().splitlines()[1]):
        assert not secret or secret not in str(caught.value)


def test_what_is_no_private_key_is_named(tmp_path: Path) -> None:
    files = new_key(tmp_path / "k", None)
    junk = tmp_path / "junk"
    junk.write_text("hello")
    rsa_key = rsa.generate_private_key(65537, 2048)
    other = tmp_path / "rsa"
    other.write_bytes(
        rsa_key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    )
    body = files.private.read_text().splitlines()[1]
    damaged = tmp_path / "damaged"
    damaged.write_text(files.private.read_text().replace(body, body[:-8]))
    for path, said in (
        (files.public, "holds a public key; signing needs the private one"),
        (junk, "is not a private key in PEM form"),
        (other, "is of another kind of key"),
        (damaged, "its content is damaged"),
    ):
        with pytest.raises(SignatureError, match=re.escape(str(path)) + ".*" + said) as caught:
            load_private(path, None)
        assert body[:12] not in str(caught.value)
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load_private(tmp_path / "absent", None)


def test_a_file_may_hold_several_keys_and_certificates(tmp_path: Path) -> None:
    first, second = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "keys.pem"
    path.write_bytes(b"# lab a\n" + public_pem(first) + b"\nlab b\n" + certificate_pem(second))
    one, two = load_trusted(path)
    assert one.keyid == keyid_of(first.public_key())
    assert one.subject == ""
    assert two.keyid == keyid_of(second.public_key())
    assert two.subject == "CN=Test Laboratory"
    assert two.not_after == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_folder_of_keys_is_read(tmp_path: Path) -> None:
    keys = [ed25519.Ed25519PrivateKey.generate() for _ in range(3)]
    for name, key in zip(("a.pem", "b.pub", "c.crt"), keys, strict=True):
        (tmp_path / name).write_bytes(public_pem(key))
    (tmp_path / "README").write_text("not a key")
    found = [trusted.keyid for trusted in load_trusted(tmp_path)]
    assert found == [keyid_of(key.public_key()) for key in keys]


def test_what_cannot_be_trusted_is_named(tmp_path: Path) -> None:
    files = new_key(tmp_path / "k", None)
    with pytest.raises(SignatureError, match="is a private key; a verifier gets the public one"):
        load_trusted(files.private)
    (tmp_path / "junk").write_text("hello")
    with pytest.raises(SignatureError, match="holds no public key or certificate"):
        load_trusted(tmp_path / "junk")
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    (tmp_path / "bad").write_text(f"{begin}\nAAAA\n{end}\n")
    with pytest.raises(SignatureError, match="damaged"):
        load_trusted(tmp_path / "bad")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SignatureError, match=r"holds no \.pem"):
        load_trusted(tmp_path / "empty")
    curve = ec.generate_private_key(ec.SECP384R1())
    (tmp_path / "p384").write_bytes(public_pem(curve))
    with pytest.raises(SignatureError, match="another kind of key"):
        load_trusted(tmp_path / "p384")
    with pytest.raises(UsageError, match="cannot be read"):
        load_trusted(tmp_path / "absent")
