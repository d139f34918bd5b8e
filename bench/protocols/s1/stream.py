"""Cuts an S1 stream into frames and says what became of every octet: the clear way, octet by octet.

`bulk` does the same for long streams in vectors; both must agree. In length mode a frame is what
stands between two flags as far apart as its length field says, with a right check sequence: 7E
inside is no flag, and where one of these fails the search goes on one octet further, so that no
good frame is lost behind a damaged one.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

from bench.protocols.crc import X25_GOOD, crc16_x25
from bench.protocols.s1.encode import ESCAPE, FLAG, unstuffed
from bench.protocols.s1.profile import Profile, Transparency

_FORMAT_OCTETS = 2
_SHORTEST = 4  # octets between flags; fewer are no frame (ISO/IEC 13239 §4.3.2.3)


class Discard(StrEnum):
    """Why octets belong to no good frame."""

    NOISE = "noise"  # outside frames
    FILL = "fill"  # a flag that neither opens nor closes a frame: legal between frames
    RUNT = "runt"  # fewer than four octets between flags
    ABORT = "abort"  # ended by escape and flag
    FCS = "fcs"  # a frame by its flags and length, with a wrong check sequence
    FRAME = "frame"  # like a frame, but of another format or length; `damaged` alone tells it


class Cut(NamedTuple):
    """A good frame: where its opening flag stands in the stream, and what is between its flags.

    `shared` says that its opening flag is the closing one of the frame before.
    """

    offset: int
    body: bytes
    shared: bool = False


@dataclass(slots=True)
class Statistics:
    """What became of the octets of a stream; `discarded` counts octets, `events` occurrences."""

    octets: int = 0
    frames: int = 0
    shared: int = 0
    discarded: Counter[Discard] = field(default_factory=Counter)
    events: Counter[Discard] = field(default_factory=Counter)

    def drop(self, why: Discard, octets: int, *, goes_on: bool = False) -> None:
        """Count octets that belong to no good frame; `goes_on` if those before did, too."""
        if octets:
            self.discarded[why] += octets
            self.events[why] += not goes_on

    @property
    def lost(self) -> int:
        """Octets that belong to no good frame, legal fill not counted."""
        return sum(n for why, n in self.discarded.items() if why is not Discard.FILL)


class FrameCutter:
    """Takes octets in pieces of any size; gives the good frames, and keeps `statistics`.

    What comes out depends on the octets alone, never on how they were chunked.
    """

    def __init__(self, profile: Profile) -> None:
        self.statistics = Statistics()
        self._profile = profile
        self._buffer = bytearray()
        self._base = 0
        self._opened = False  # the octet before the buffer closed a frame, and may open another
        self._dropped = (Discard.NOISE, -1)  # what was dropped last, up to which stream offset
        self._damaged = 0  # stream offset up to which octets were blamed on a wrong FCS

    @property
    def pending(self) -> int:
        """How many octets wait for what follows them."""
        return len(self._buffer)

    def give_back(self) -> int:
        """Forget the pending octets, to be fed again; return how many they are."""
        count = len(self._buffer)
        self._buffer.clear()
        self.statistics.octets -= count
        return count

    def feed(self, octets: bytes) -> list[Cut]:
        """Return the frames that these octets complete."""
        self._buffer += octets
        self.statistics.octets += len(octets)
        return self._take(final=False)

    def flush(self) -> list[Cut]:
        """Return what is left at the end of the stream; the rest is noise."""
        return self._take(final=True)

    def skip(self, octets: int, frames: int) -> None:
        """Count octets that somebody else has cut into `frames`; nothing may be pending."""
        self._base += octets
        self.statistics.octets += octets
        self.statistics.frames += frames
        self._opened = True

    def _take(self, *, final: bool) -> list[Cut]:
        by_length = self._profile.transparency is Transparency.LENGTH
        step = self._by_length if by_length else self._escaped
        found: list[Cut] = []
        while self._buffer:
            size = len(self._buffer)
            cut = step(final=final)
            if cut is not None:
                found.append(cut)
            elif len(self._buffer) == size:
                break
        return found

    # -- length mode

    def _by_length(self, *, final: bool) -> Cut | None:
        """Take one frame or drop something; unchanged while more octets are needed."""
        buffer = self._buffer
        if self._opened and buffer[0] != FLAG:
            verdict = self._try(0, shared=True, final=final)
            if verdict is not False:
                return verdict
            self._opened = False
        at = buffer.find(FLAG)
        if at != 0:
            self._drop(Discard.NOISE, at if at > 0 else len(buffer))
            return None
        if len(buffer) == 1:
            if final:
                self._drop(Discard.FILL, 1)
            return None
        if buffer[1] == FLAG:
            self._opened = False
            self._drop(Discard.FILL, 1)
            return None
        verdict = self._try(1, shared=False, final=final)
        if verdict is False:
            self._opened = False
            self._drop(Discard.NOISE, 1)  # the flag opened nothing: the search goes on behind it
            return None
        return verdict

    def _try(self, body: int, *, shared: bool, final: bool) -> "Cut | Literal[False] | None":
        """Return the frame whose body starts at `body`, False if there is none, None if not yet."""
        buffer, layout = self._buffer, self._profile.layout
        have = len(buffer) - body
        if have and buffer[body] >> 4 != layout.format_type:
            return False
        if have < _FORMAT_OCTETS:
            return False if final else None
        length = (buffer[body] & 7) << 8 | buffer[body + 1]
        if not layout.shortest <= length <= layout.longest:
            return False
        if have <= length:
            return False if final else None
        if buffer[body + length] != FLAG:
            return False
        octets = bytes(buffer[body : body + length])
        if crc16_x25(octets) != X25_GOOD:
            self._damaged = max(self._damaged, self._base + body + length + 1)
            self.statistics.events[Discard.FCS] += 1
            return False
        cut = Cut(self._base - shared, octets, shared)
        self._consume(body + length + 1)
        self._opened = True
        self.statistics.frames += 1
        self.statistics.shared += shared
        return cut

    def _drop(self, why: Discard, count: int) -> None:
        """Drop octets; those of a frame whose check failed are blamed on that."""
        if why in (Discard.NOISE, Discard.FILL):
            self._opened = False
            damaged = min(max(self._damaged - self._base, 0), count)
            if damaged:
                self.statistics.discarded[Discard.FCS] += damaged
                self._consume(damaged)
                count -= damaged
        if count:
            goes_on = self._dropped == (why, self._base)
            self.statistics.drop(why, count, goes_on=goes_on)
            self._consume(count)
            self._dropped = (why, self._base)

    def _consume(self, count: int) -> None:
        del self._buffer[:count]
        self._base += count

    # -- octet mode

    def _escaped(self, *, final: bool) -> Cut | None:
        """Take what stands between two flags (ISO/IEC 13239 §4.3.2.2)."""
        buffer = self._buffer
        if buffer[0] == FLAG:
            self._opened = False  # this flag opens, not the one before
        elif not self._opened:
            at = buffer.find(FLAG)
            self._drop(Discard.NOISE, at if at > 0 else len(buffer))
            return None
        start = 0 if self._opened else 1
        end = buffer.find(FLAG, start)
        if end < 0:
            if final or len(buffer) > 2 * self._profile.layout.longest + 2:
                self._drop(Discard.NOISE, len(buffer))
            return None
        if end == start:
            self._drop(Discard.FILL, 1)
            return None
        return self._between(start, end)

    def _between(self, start: int, end: int) -> Cut | None:
        """Take or drop what is between flags; the closing flag may open what follows."""
        shared = self._opened
        inner = bytes(self._buffer[start:end])
        octets = unstuffed(inner)
        self._opened = False
        if inner[-1] == ESCAPE:
            self._drop(Discard.ABORT, end)
        elif len(octets) < _SHORTEST:
            self._drop(Discard.RUNT, end)
        elif not self._good(octets, len(inner)):
            self._drop(Discard.FCS, end)
        else:
            cut = Cut(self._base - shared, octets, shared)
            self._consume(end + 1)
            self._opened = True
            self.statistics.frames += 1
            self.statistics.shared += shared
            return cut
        return None

    def _good(self, octets: bytes, escaped: int) -> bool:
        """Return whether a frame is right; its length may count the octets before or after."""
        layout = self._profile.layout
        return (
            octets[0] >> 4 == layout.format_type
            and ((octets[0] & 7) << 8 | octets[1]) in (len(octets), escaped)
            and layout.shortest <= len(octets) <= layout.longest
            and crc16_x25(octets) == X25_GOOD
        )
