"""Looking for secrets in octets: as they are, in hexadecimal digits, in base64."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

SHORTEST = 6  # octets of a secret that chance does not make
_KEY_OCTETS = 4  # by which a place is first looked at
_PIECE = 4_000_000


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret that was found: its name, how it was written, and where."""

    name: str
    form: str
    offset: int

    def __str__(self) -> str:
        return f"{self.name} {self.form}, at octet {self.offset}"


class Search:
    """Finds secrets, given by name, that have at least `SHORTEST` octets."""

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self._patterns: dict[bytes, tuple[str, str]] = {}
        for name, octets in secrets.items():
            if len(octets) >= SHORTEST:
                for form, pattern in _forms(octets):
                    self._patterns.setdefault(pattern, (name, form))
        self._by_start: dict[bytes, list[bytes]] = {}
        for pattern in self._patterns:
            self._by_start.setdefault(pattern[:_KEY_OCTETS], []).append(pattern)
        self._longest = max(map(len, self._patterns), default=0)
        starts = [int.from_bytes(start, "little") for start in self._by_start]
        self._starts = np.array(sorted(starts), np.uint32)
        self._marked = np.zeros(1 << 16, np.bool_)
        self._marked[self._starts & 0xFFFF] = True

    def leaks(self, octets: bytes) -> Iterator[Leak]:
        """Yield every secret in `octets`."""
        if not self._patterns:
            return
        for begin in range(0, len(octets), _PIECE):
            piece = octets[begin : begin + _PIECE + self._longest]
            for place in self._candidates(piece):
                if place >= _PIECE:
                    continue  # found again in the next piece
                for pattern in self._by_start.get(piece[place : place + _KEY_OCTETS], ()):
                    if piece.startswith(pattern, place):
                        name, form = self._patterns[pattern]
                        yield Leak(name, form, begin + place)

    def _candidates(self, piece: bytes) -> Iterable[int]:
        """Return where a pattern may begin: by two octets first, then by four."""
        if len(piece) < _KEY_OCTETS:
            return ()
        found = np.frombuffer(piece, np.uint8)
        two = found[:-1].astype(np.uint16) | found[1:].astype(np.uint16) << np.uint16(8)
        places = np.flatnonzero(self._marked[two[: len(found) - 3]])
        four = two[places].astype(np.uint32) | two[places + 2].astype(np.uint32) << np.uint32(16)
        kept: list[int] = places[np.isin(four, self._starts)].tolist()
        return kept


def _forms(octets: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield how a secret may be written, with its name."""
    yield "as it is", octets
    for digits in (octets.hex(), octets.hex().upper()):
        yield "in hexadecimal digits", digits.encode()
    for encode in (b64encode, urlsafe_b64encode):
        for before in range(3):  # what stands in front of it moves the digits
            first = -(-before * 8 // 6)
            last = (before + len(octets)) * 8 // 6
            yield "in base64", encode(bytes(before) + octets)[first:last]
