"""Frames as pcapng files that Wireshark opens: nanosecond stamps, direction, a comment each.

A stamp is the arrival of the frame's last octet as seen by the bench, in Unix time.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from bench.core.errors import EvidenceError
from bench.core.trace import Chunk, Direction, Frame
from bench.protocols import pcapng


def write_frames(path: Path, frames: Iterable[Frame], epoch_ns: int, comment: str) -> None:
    """Write `frames` with `comment` and their numbers; `epoch_ns` is instant 0 in Unix time."""
    blocks = [pcapng.section_header(), pcapng.interface_description("bench", comment)]
    blocks += [
        pcapng.packet(
            0,
            epoch_ns + frame.until_ns,
            frame.octets,
            frame.direction,
            f"{comment} frame {frame.number}",
        )
        for frame in frames
    ]
    path.write_bytes(b"".join(blocks))


class ChunkRecorder:
    """Appends what a link delivers to a pcapng file, before anything decodes it."""

    def __init__(self, path: Path, epoch_ns: int, interface: str, description: str) -> None:
        self.path = path
        self._epoch_ns = epoch_ns
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("wb", buffering=0)
        self._write(pcapng.section_header() + pcapng.interface_description(interface, description))

    def record(self, chunk: Chunk, comment: str = "") -> None:
        """Append one chunk; a full disk is an EvidenceError."""
        stamp = self._epoch_ns + chunk.at_ns
        self._write(pcapng.packet(0, stamp, chunk.octets, chunk.direction, comment))

    def _write(self, octets: bytes) -> None:
        try:
            while octets:  # an unbuffered file may take a part and report the full disk later
                octets = octets[self._file.write(octets) :]
        except OSError as error:
            raise EvidenceError(f"cannot write {self.path}: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_chunks(path: Path, epoch_ns: int) -> list[Chunk]:
    """Return the chunks that a recorder wrote, on the clock whose instant 0 is `epoch_ns`."""
    try:
        capture = pcapng.read(path.read_bytes())
    except (OSError, ValueError) as error:
        raise EvidenceError(f"cannot read {path}: {error}") from error
    return [
        Chunk(packet.at_unix_ns - epoch_ns, packet.octets, packet.direction or Direction.RECEIVED)
        for packet in capture.packets
    ]
