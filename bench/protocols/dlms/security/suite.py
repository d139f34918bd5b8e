"""The three security suites: which algorithms go together (IEC 62056-5-3 §5.3.7)."""

from dataclasses import dataclass
from enum import StrEnum


class Curve(StrEnum):
    """The elliptic curves of FIPS 186 that the suites use."""

    P_256 = "P-256"
    P_384 = "P-384"

    @property
    def octets(self) -> int:
        """Octets of one coordinate, of a private key, and of each half of a signature."""
        return 32 if self is Curve.P_256 else 48


class Hash(StrEnum):
    """The hash functions of signatures and of key derivation."""

    SHA_256 = "SHA-256"
    SHA_384 = "SHA-384"


@dataclass(frozen=True, slots=True)
class SecuritySuite:
    """One suite: octets of its symmetric keys; curve and hash where it has asymmetric keys."""

    number: int
    key_octets: int
    curve: Curve | None = None
    hash: Hash | None = None


SUITES: dict[int, SecuritySuite] = {
    0: SecuritySuite(0, 16),
    1: SecuritySuite(1, 16, Curve.P_256, Hash.SHA_256),
    2: SecuritySuite(2, 32, Curve.P_384, Hash.SHA_384),
}
"""AES-GCM-128; the same with ECDSA and ECDH on P-256; AES-GCM-256 with those on P-384."""
