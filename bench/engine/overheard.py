"""What the device has sent during a run, kept as octets by interface so that it can be searched.

Nothing is concealed here, unlike in recordings: what the bench may not write down is looked for.
"""

from collections import deque
from collections.abc import Iterator
from pathlib import Path

from bench.core.trace import Chunk, Direction
from bench.protocols import pcapng

_MOST_OCTETS = 4_000_000  # of one interface in memory: what is older is in the recordings alone


class Overheard:
    """The latest octets of each interface, and the recordings of the run if there are any."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._chunks: dict[str, deque[bytes]] = {}
        self._kept: dict[str, int] = {}

    def take(self, interface: str, chunk: Chunk) -> None:
        """Keep what has come; what the bench has sent is not the device's."""
        if chunk.direction is not Direction.RECEIVED:
            return
        chunks = self._chunks.setdefault(interface, deque())
        chunks.append(chunk.octets)
        kept = self._kept.get(interface, 0) + len(chunk.octets)
        while kept > _MOST_OCTETS:
            kept -= len(chunks.popleft())
        self._kept[interface] = kept

    def octets(self, interface: str) -> bytes:
        """Return what came from an interface, in the order of arrival."""
        return b"".join(self._chunks.get(interface, ()))

    def recorded(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield interface, file and received octets of each recording of the run so far.

        They may be those of other processes. Files that cannot be read are left out: what is the
        matter with them is the verifier's business.
        """
        if self._folder is None:
            return
        for path in sorted(self._folder.rglob("*.pcapng")):
            try:
                packets = pcapng.read(path.read_bytes()).packets
            except (OSError, ValueError):
                continue
            by_interface: dict[str, list[bytes]] = {}
            for one in packets:
                if one.direction is not Direction.SENT:
                    by_interface.setdefault(one.interface_name, []).append(one.octets)
            name = path.relative_to(self._folder).as_posix()
            for interface, parts in by_interface.items():
                yield interface, name, b"".join(parts)
