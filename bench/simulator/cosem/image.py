"""The firmware images of the simulated meter: what is in them, and how their damage is found.

    "MBXF" | length of the identifier (1) | identifier | content | CRC-32 of all before (4)

The CRC stands for the signature that real images have.
"""

from dataclasses import dataclass
from zlib import crc32

from bench.core.errors import UsageError

_MAGIC = b"MBXF"


@dataclass(frozen=True, slots=True)
class Image:
    """A firmware image that was found in order: its size, its identifier, its check octets."""

    size: int
    identifier: bytes
    signature: bytes


def make_image(identifier: bytes, content: bytes) -> bytes:
    """Return the octets of an image that the simulated meter accepts.

    Raises UsageError for an identifier that is empty or longer than 64 octets.
    """
    if not 1 <= len(identifier) <= 64:
        raise UsageError(f"an image identifier has 1 to 64 octets, not {len(identifier)}")
    body = _MAGIC + bytes((len(identifier),)) + identifier + content
    return body + crc32(body).to_bytes(4, "big")


def read_image(octets: bytes) -> Image | None:
    """Return what an image is; None if it is damaged, or none of this meter's."""
    body, signature = octets[:-4], octets[-4:]
    if body[:4] != _MAGIC or len(body) < 5 or crc32(body).to_bytes(4, "big") != signature:
        return None
    identifier = body[5 : 5 + body[4]]
    if len(identifier) != body[4]:
        return None
    return Image(len(octets), identifier, signature)
