"""Firmware images that a declaration names: files of hexadecimal digits, or shipped ones."""

from dataclasses import dataclass
from pathlib import Path

from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from vectors.loader import data

_SHIPPED = "shipped:"


@dataclass(frozen=True, slots=True)
class FirmwareImage:
    """An image: the identifier with which its transfer is initiated, and its octets."""

    identifier: bytes
    octets: bytes

    def blocks(self, size: int) -> list[bytes]:
        """Return the blocks of `size` octets; the last one may be shorter."""
        return [self.octets[at : at + size] for at in range(0, len(self.octets), size)]

    def damaged(self) -> "FirmwareImage":
        """Return the image with one bit in its middle changed."""
        found = bytearray(self.octets)
        found[len(found) // 2] ^= 0x01
        return FirmwareImage(self.identifier, bytes(found))


def declared_image(context: CaseContext, key: str) -> FirmwareImage | None:
    """Return the image in the file that value `key` names, None where none is named.

    Its identifier is that of value `KEY_identifier`, else the name of the file without its ending.
    Inconclusive (IXIT) for a file that holds no hexadecimal digits.
    """
    name = context.ixit.get(key)
    if name is None:
        return None
    if str(name).startswith(_SHIPPED):
        row = data("wan/images.toml").get(str(name).removeprefix(_SHIPPED))
        if row is None:
            raise Inconclusive(Reason.IXIT, f"{key}: there is no shipped image {name!r}")
        return FirmwareImage(row["identifier"].encode(), bytes.fromhex(row["octets"]))
    try:
        octets = bytes.fromhex(Path(str(name)).read_text(encoding="utf-8"))
    except OSError as error:
        raise Inconclusive(Reason.IXIT, f"{key}: cannot read {name}: {error.strerror}") from None
    except ValueError:
        text = f"{key}: {name} holds no hexadecimal digits; make them with xxd -p"
        raise Inconclusive(Reason.IXIT, text) from None
    if not octets:
        raise Inconclusive(Reason.IXIT, f"{key}: {name} is empty")
    identifier = context.ixit.get(f"{key}_identifier", Path(str(name)).stem)
    return FirmwareImage(str(identifier).encode(), octets)
