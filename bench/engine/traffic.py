"""The octets of one attempt: recorded as they pass, kept as frames that checks can point at."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.core.errors import EvidenceError
from bench.core.trace import Chunk, Direction, Field, Frame
from bench.engine.capture import ChunkRecorder
from bench.engine.overheard import Overheard

if TYPE_CHECKING:
    from bench.engine.connection import Connection

Annotate = Callable[[bytes], tuple[Field, ...]]

_MOST_FRAMES = 20_000
_MOST_OCTETS = 8_000_000  # of one attempt in memory; the recording holds them all
_STAR = b"*"


def _nothing(octets: bytes) -> tuple[Field, ...]:
    del octets
    return ()


@dataclass(frozen=True, slots=True)
class _Kept:
    at_ns: int
    until_ns: int
    octets: bytes
    direction: Direction
    annotate: Annotate


class Traffic:
    """What passed during an attempt; `path` is the pcapng file to record it in, None for none.

    Secrets that were announced by `conceal` are shown as stars of the same number. `overheard` is
    told every chunk as it is.
    """

    def __init__(
        self,
        path: Path | None = None,
        epoch_ns: int = 0,
        name: str = "",
        overheard: Overheard | None = None,
    ) -> None:
        self._path = path
        self._overheard = overheard
        self._epoch_ns = epoch_ns
        self._name = name
        self._recorder: ChunkRecorder | None = None
        self._closed = False
        self._frames: list[_Kept] = []
        self._octets = 0
        self._left_out = 0
        self._secrets: list[bytes] = []

    @property
    def counted(self) -> int:
        """How many frames there were."""
        return len(self._frames) + self._left_out

    def conceal(self, secret: bytes) -> None:
        """Show stars wherever these octets pass from now on; the longest secret goes first."""
        if secret and secret not in self._secrets:
            self._secrets.append(secret)
            self._secrets.sort(key=len, reverse=True)

    def shown(self, octets: bytes) -> bytes:
        """Return octets as evidence may show them."""
        for secret in self._secrets:
            octets = octets.replace(secret, _STAR * len(secret))
        return octets

    def record(self, connection: "Connection", chunk: Chunk) -> None:
        """Append a chunk to the recording; EvidenceError when the disk is full."""
        if self._closed:
            raise RuntimeError("octets pass after the attempt that they belong to has ended")
        self.heard(chunk)
        if self._path is None:
            return
        if self._recorder is None:
            try:
                self._recorder = ChunkRecorder(
                    self._path, self._epoch_ns, self._name, str(connection.link.url)
                )
            except OSError as error:
                reason = error.strerror or error
                raise EvidenceError(f"cannot write {self._path}: {reason}") from error
        comment = "" if connection.number == 1 else f"connection {connection.number}"
        shown = Chunk(chunk.at_ns, self.shown(chunk.octets), chunk.direction)
        self._recorder.record(shown, comment)

    def heard(self, chunk: Chunk) -> None:
        """Tell who overhears; a case that judges an observation records nothing of its own."""
        if self._overheard is not None:
            self._overheard.take(self._name, chunk)

    def keep(
        self,
        octets: bytes,
        at_ns: int,
        direction: Direction = Direction.RECEIVED,
        annotate: Annotate | None = None,
        until_ns: int | None = None,
    ) -> int:
        """Keep a frame and return its number; its fields are made only when it is shown.

        Beyond a bound only the number is given: an endless device must not fill the memory.
        """
        if len(self._frames) >= _MOST_FRAMES or self._octets + len(octets) > _MOST_OCTETS:
            self._left_out += 1
            return self.counted
        self._octets += len(octets)
        until_ns = at_ns if until_ns is None else until_ns
        self._frames.append(_Kept(at_ns, until_ns, octets, direction, annotate or _nothing))
        return len(self._frames)

    def frame(self, number: int) -> Frame:
        """Return the frame with this number, annotated; an empty one if it was not kept."""
        if not 1 <= number <= len(self._frames):
            return Frame(number, 0, 0, b"")
        kept = self._frames[number - 1]
        octets = self.shown(kept.octets)
        fields = kept.annotate(octets)
        return Frame(number, kept.at_ns, kept.until_ns, octets, kept.direction, 0, fields)

    def close(self) -> None:
        """Close the recording: nothing passes any more."""
        self._closed = True
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None
