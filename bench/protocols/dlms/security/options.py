"""What implementations do differently where texts and examples leave room: declared, not guessed.

The defaults are the reading of the standard; the other values are habits that were found in the
field. A device that declares such a habit is talked to in its way.
"""

from dataclasses import dataclass
from enum import StrEnum

from bench.core.errors import UsageError


class GeneralAad(StrEnum):
    """What general-ciphering authenticates besides security control and authentication key."""

    HEADER = "header"
    """The five fields of the header, each with its length (Green Book 9.2.7.2.4.8)."""
    CONTROL = "control"
    """Nothing."""


class EphemeralSignature(StrEnum):
    """What the signature of the ephemeral key of one-pass Diffie-Hellman covers."""

    POINT = "point"
    """X || Y."""
    SCHEME_AND_POINT = "scheme-and-point"
    """01 || X || Y."""


class SignedContent(StrEnum):
    """How the signature of general-signing covers the content, after the fields of the header.

    No published example decides between the two.
    """

    WITH_LENGTH = "with-length"
    """As it is sent, like the fields before it."""
    WITHOUT_LENGTH = "without-length"
    """Its octets alone."""


@dataclass(frozen=True, slots=True)
class SecurityOptions:
    """One implementation's choices; UsageError for a length of keys that no suite has."""

    general_aad: GeneralAad = GeneralAad.HEADER
    ephemeral_signature: EphemeralSignature = EphemeralSignature.POINT
    signed_content: SignedContent = SignedContent.WITH_LENGTH
    derived_key_octets: int | None = None
    """Octets of agreed keys; None: those of the suite. Some keep 16 of them in suite 2, too."""

    def __post_init__(self) -> None:
        if self.derived_key_octets not in (None, 16, 32):
            raise UsageError(f"derived keys have 16 or 32 octets, not {self.derived_key_octets}")


STANDARD = SecurityOptions()
