"""Which protection requests must have and responses get (Blue Book class 64 and class 15).

The same number means different things in the versions of security setup: in version 0 the policy
is one of four, in version 1 it has a bit for each protection and each direction. Access rights of
association LN are stricter rules for one attribute or method.

    version 1, access mode of version 3    bit 2  3  4 request, 5  6  7 response:
                                           authenticated, encrypted, digitally signed
"""

from dataclasses import dataclass

from bench.core.errors import UsageError
from bench.protocols.dlms.ciphered import SecurityControl

_REQUEST_SHIFT = 2
_RESPONSE_SHIFT = 5
_RESERVED = 0b11


@dataclass(frozen=True, slots=True)
class Protection:
    """What protects an APDU."""

    authenticated: bool = False
    encrypted: bool = False
    signed: bool = False

    @classmethod
    def of(cls, control: SecurityControl | None, *, signed: bool = False) -> "Protection":
        """Return what a security header tells; None: the APDU is not ciphered."""
        if control is None:
            return cls(signed=signed)
        return cls(control.authenticated, control.encrypted, signed)

    @classmethod
    def of_bits(cls, bits: int) -> "Protection":
        """Return what three bits say: authenticated 1, encrypted 2, signed 4."""
        return cls(bool(bits & 1), bool(bits & 2), bool(bits & 4))

    @property
    def bits(self) -> int:
        """The three bits."""
        return self.authenticated | self.encrypted << 1 | self.signed << 2

    @property
    def ciphered(self) -> bool:
        """Whether it needs a security header."""
        return self.authenticated or self.encrypted

    def control(self, suite: int, *, broadcast: bool = False) -> SecurityControl:
        """Return the security header with this protection."""
        return SecurityControl(suite, self.authenticated, self.encrypted, broadcast)

    def covers(self, other: "Protection") -> bool:
        """Return whether it gives all that `other` gives."""
        return not other.bits & ~self.bits

    def __or__(self, other: "Protection") -> "Protection":
        return Protection.of_bits(self.bits | other.bits)

    def __str__(self) -> str:
        names = ("authenticated", "encrypted", "signed")
        return " and ".join(name for name in names if getattr(self, name)) or "not protected"


NOTHING = Protection()


@dataclass(frozen=True, slots=True)
class Policy:
    """What requests must have and responses get; `defined`: the number has a meaning at all."""

    request: Protection = NOTHING
    response: Protection = NOTHING
    defined: bool = True

    @classmethod
    def of(cls, class_version: int, value: int) -> "Policy":
        """Return what security_policy says in this version of security setup (class 64).

        The value comes from a device: one without meaning gives a policy that is not `defined`,
        with the protection of those bits that have a meaning.
        """
        if class_version == 0:
            bits = value if 0 <= value <= 3 else 0
            protection = Protection.of_bits(bits)
            return cls(protection, protection, bits == value)
        request = Protection.of_bits(value >> _REQUEST_SHIFT)
        response = Protection.of_bits(value >> _RESPONSE_SHIFT)
        return cls(request, response, not value & _RESERVED and 0 <= value <= 0xFF)

    @classmethod
    def of_access_mode(cls, class_version: int, mode: int, *, method: bool = False) -> "Policy":
        """Return what an access right demands in this version of association LN (class 15).

        Up to version 2 the modes 4 to 6 of attributes, and 2 of methods, are authenticated access.
        """
        if class_version >= 3:
            request = Protection.of_bits(mode >> _REQUEST_SHIFT)
            return cls(request, Protection.of_bits(mode >> _RESPONSE_SHIFT), 0 <= mode <= 0xFF)
        highest = 2 if method else 6
        authenticated = mode == 2 if method else 4 <= mode <= 6
        protection = Protection(authenticated=authenticated)
        return cls(protection, protection, 0 <= mode <= highest)

    def value(self, class_version: int) -> int:
        """Return the number of security_policy; UsageError if the version has none for it."""
        if class_version == 0:
            if self.request != self.response or self.request.signed:
                raise UsageError(
                    "version 0 of security setup has one protection for requests and responses, "
                    "without signatures; use version 1"
                )
            return self.request.bits
        return self.request.bits << _REQUEST_SHIFT | self.response.bits << _RESPONSE_SHIFT

    def accepts(self, request: Protection) -> bool:
        """Return whether a request is protected enough; more than needed is accepted."""
        return request.covers(self.request)

    def answer(self, request: Protection) -> Protection:
        """Return the protection of the response: that of the policy and that of the request.

        The request does not add a signature, for which the server may have no key.
        """
        return self.response | Protection(request.authenticated, request.encrypted)

    def may_become(self, other: "Policy") -> bool:
        """Return whether security_activate may set `other`: it can only be strengthened."""
        return other.request.covers(self.request) and other.response.covers(self.response)

    def __or__(self, other: "Policy") -> "Policy":
        """Return what holds where both hold: the policy and an access right."""
        both = self.defined and other.defined
        return Policy(self.request | other.request, self.response | other.response, both)
