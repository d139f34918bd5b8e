"""High level security: the answers to the challenges of both sides (IEC 62056-5-3 §5.3.4.3).

    2  a function of the manufacturer      5  SC || IC || GMAC(SC || AK || challenge)
    3  MD5(challenge || secret)            6  SHA-256(secret || titles || challenges)
    4  SHA-1(challenge || secret)          7  ECDSA(titles || challenges)

Titles: own, then the other's. Challenges: the received one, then the one that was sent.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import md5, sha1, sha256
from hmac import compare_digest

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bench.core.errors import UsageError
from bench.protocols.dlms.acse import Mechanism
from bench.protocols.dlms.ciphered import TAG_OCTETS, SecurityControl
from bench.protocols.dlms.security import ecdsa
from bench.protocols.dlms.security.gcm import TITLE_OCTETS, gmac, is_gcm_key
from bench.protocols.dlms.security.keys import SymmetricKeys
from bench.protocols.dlms.security.suite import SUITES, Curve

VendorFunction = Callable[[bytes, bytes], bytes]
"""A function for mechanism 2: (secret, received challenge) -> what is sent for it."""
_BLOCK = 16
_GMAC_OCTETS = 1 + 4 + TAG_OCTETS
_NO_KEYS = SymmetricKeys(b"", b"")


def aes_ecb(secret: bytes, challenge: bytes) -> bytes:
    """Return what many meters send for mechanism 2: the challenge under AES-128-ECB.

    Secret and challenge are filled up with zero octets to 16, the challenge to a multiple of that;
    of a longer secret the first 16 octets count.
    """
    key = secret[:_BLOCK].ljust(_BLOCK, b"\x00")
    length = max(_BLOCK, -(-len(challenge) // _BLOCK) * _BLOCK)
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(challenge.ljust(length, b"\x00")) + encryptor.finalize()


@dataclass(frozen=True, slots=True)
class HlsParty:
    """One side of an authentication: its own title and secrets, and what it knows of the other.

    `secret` serves mechanisms 2, 3, 4 and 6, `keys` 5, `private_key` and `peer_public_key` (raw
    octets, on the curve of the suite) 7. repr() shows no secret.
    """

    title: bytes
    peer_title: bytes
    secret: bytes = field(default=b"", repr=False)
    keys: SymmetricKeys = _NO_KEYS
    suite: int = 0
    private_key: bytes = field(default=b"", repr=False)
    peer_public_key: bytes = b""
    vendor_function: VendorFunction = field(default=aes_ecb, repr=False)

    def response(
        self, mechanism: int, received: bytes, sent: bytes = b"", counter: int = 0
    ) -> bytes:
        """Return what to send for the received challenge; `sent` is the own challenge.

        `counter` is the own invocation counter, which mechanism 5 uses up. UsageError for a
        mechanism that is not HLS, and for a missing or unusable key.
        """
        if mechanism == Mechanism.HLS_GMAC:
            control = SecurityControl(self.suite, authenticated=True, encrypted=False)
            return self._gmac(control, self.title, counter, received)
        if mechanism == Mechanism.HLS_ECDSA:
            message = self.title + self.peer_title + received + sent
            return ecdsa.sign(self._curve(), self.private_key, message)
        return self._digest(mechanism, self.title, self.peer_title, received, sent)

    def verify(self, mechanism: int, response: bytes, sent: bytes, received: bytes = b"") -> bool:
        """Return whether `response` answers the challenge that this side sent. False, no raise.

        `received` is the other's challenge. Whether the counter in a response of mechanism 5 is
        fresh, and whether both challenges differ, is for the caller: `response_counter`. Raises
        UsageError for a mechanism that is not HLS and for own keys that cannot be, no more.
        """
        if mechanism == Mechanism.HLS_GMAC:
            if len(response) != _GMAC_OCTETS or len(self.peer_title) != TITLE_OCTETS:
                return False
            control = SecurityControl.of(response[0])
            if control != SecurityControl(self.suite, authenticated=True, encrypted=False):
                return False
            counter = int.from_bytes(response[1:5], "big")
            expected = self._gmac(control, self.peer_title, counter, sent)
        elif mechanism == Mechanism.HLS_ECDSA:
            message = self.peer_title + self.title + sent + received
            return ecdsa.verify(self._curve(), self.peer_public_key, message, response)
        else:
            expected = self._digest(mechanism, self.peer_title, self.title, sent, received)
        return compare_digest(expected, response)

    def _gmac(
        self, control: SecurityControl, title: bytes, counter: int, challenge: bytes
    ) -> bytes:
        """Return SC || IC || T."""
        if not is_gcm_key(self.keys.encryption):
            raise UsageError("mechanism 5 needs a global unicast encryption key of the suite")
        key, authentication_key = self.keys.encryption, self.keys.authentication
        tag = gmac(control, title, counter, key, authentication_key, challenge)
        return bytes((control.octet,)) + counter.to_bytes(4, "big") + tag

    def _digest(
        self, mechanism: int, title: bytes, other: bytes, received: bytes, sent: bytes
    ) -> bytes:
        """Return what the side with `title` sends for `received`."""
        if mechanism == Mechanism.HLS:
            return self.vendor_function(self.secret, received)
        if mechanism == Mechanism.HLS_MD5:
            return md5(received + self.secret, usedforsecurity=False).digest()
        if mechanism == Mechanism.HLS_SHA1:
            return sha1(received + self.secret, usedforsecurity=False).digest()
        if mechanism == Mechanism.HLS_SHA256:
            return sha256(self.secret + title + other + received + sent).digest()
        raise UsageError(f"mechanism {mechanism} has no challenges; HLS are 2 to 7")

    def _curve(self) -> Curve:
        """Return the curve of the suite."""
        suite = SUITES.get(self.suite)
        if suite is None or suite.curve is None:
            raise UsageError(f"mechanism 7 needs suite 1 or 2, suite {self.suite} has no curve")
        return suite.curve


def response_counter(response: bytes) -> int | None:
    """Return the invocation counter in a response of mechanism 5, None if it has no place."""
    return int.from_bytes(response[1:5], "big") if len(response) == _GMAC_OCTETS else None


def challenge_octets(mechanism: int) -> range:
    """Return how many octets a challenge may have: 8 to 64, with mechanism 7 32 to 64."""
    return range(32 if mechanism == Mechanism.HLS_ECDSA else 8, 65)
