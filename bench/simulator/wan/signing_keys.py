"""The keys with which meter and client sign, on the curve of a suite."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.protocols.dlms.security import ecdsa
from bench.protocols.dlms.security.suite import Curve, SecuritySuite


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The meter's private key for signatures and the public one of the client."""

    private: bytes = field(repr=False)
    client_public: bytes

    @classmethod
    def of(cls, suite: SecuritySuite, secret: Callable[[str], bytes]) -> "SigningKeys":
        """Return the keys of a suite; both empty if it has no curve."""
        if suite.curve is None:
            return cls(b"", b"")
        suffix = "_p384" if suite.curve is Curve.P_384 else ""
        public = ecdsa.public_key_of(suite.curve, secret(f"client_signing{suffix}"))
        return cls(secret(f"meter_signing{suffix}"), public)
