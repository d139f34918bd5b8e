"""Cuts what belongs to no good frame into pieces that a person would call frames, runts, noise.

A good frame proves itself by length and check sequence; here neither can be relied on. Frames
begin where a header stands that is much like that of the profile, or like most others of the
stream, and end with the last flag before the next one. Where flags are within, lengths decide: the
profile's, the stated one, then whichever a right check sequence speaks for.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bench.protocols.crc import X25_GOOD, crc16_x25
from bench.protocols.s1.bulk import Block
from bench.protocols.s1.encode import ESCAPE, FLAG, unstuffed
from bench.protocols.s1.profile import Profile, Transparency
from bench.protocols.s1.stream import Discard

_FLAG = bytes((FLAG,))
_SHORTEST = 4  # octets between flags; fewer are no frame (ISO/IEC 13239 §4.3.2.3)
_AROUND = 6  # octets of a body around its information: format, address, control, FCS
_HEADER = 4  # format, address, control
_MOST_FLAGS = 8  # at the end of a frame, that are tried as the closing one
_FEW = 3  # headers that are alike: fewer teach nothing


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the stream: `octets` as on the wire, from the stream offset `offset` on.

    `body` is what stands between the flags, escapes kept; empty for noise and fill. A flag that
    two frames share belongs to one of them alone: `opening` and `closing` say which of its flags
    are among the octets.
    """

    offset: int
    octets: bytes
    kind: Discard
    body: bytes = b""
    opening: bool = False
    closing: bool = False


def pieces(region: bytes, offset: int, profile: Profile) -> list[Piece]:
    """Return a region cut into pieces, whose octets together are the region; never raises.

    `offset` is the place of its first octet in the stream. What is before and behind a region may
    be a good frame, whose flags it may share.
    """
    return list(iter_pieces(region, offset, profile))


def iter_pieces(region: bytes, offset: int, profile: Profile) -> Iterator[Piece]:
    """Yield the pieces of `pieces` one by one, for regions of many frames."""
    return _Slicer(region, offset, profile).pieces()


def gaps(blocks: Sequence[Block], total: int) -> list[tuple[int, int]]:
    """Return the spans (first offset, offset behind) of a stream that no good frame covers.

    `blocks` are all of the first `total` octets, in their order; a shared flag is covered once.
    """
    if not blocks:
        return [(0, total)] if total else []
    starts = np.concatenate([block.offsets for block in blocks])
    ends = np.concatenate([block.offsets + wire_octets(block) for block in blocks])
    begin = np.concatenate([[0], ends])
    end = np.concatenate([starts, [total]])
    bare = end > begin
    return list(zip(begin[bare].tolist(), end[bare].tolist(), strict=True))


def wire_octets(block: Block) -> NDArray[np.int64]:
    """Return how many octets each frame has on the wire, flags included."""
    count, length = block.rows.shape
    octets = np.full(count, length + 2, np.int64)
    if block.profile.transparency is Transparency.OCTET:
        octets += np.count_nonzero((block.rows == FLAG) | (block.rows == ESCAPE), axis=1)
    return octets


class _Slicer:
    """One region; all places count from its first octet."""

    def __init__(self, region: bytes, offset: int, profile: Profile) -> None:
        self._region = region
        self._offset = offset
        self._layout = profile.layout
        self._escaped = profile.transparency is Transparency.OCTET
        self._usual = profile.information_octets + _AROUND
        self._header = bytes(
            (
                self._layout.format_type << 4 | self._usual >> 8,
                self._usual & 0xFF,
                profile.address,
                profile.control,
            )
        )

    def pieces(self) -> Iterator[Piece]:
        starts = [] if self._escaped else self._starts()
        first = starts[0] if starts else len(self._region)
        yield from self._before(first)
        for start, end in pairwise([*starts, len(self._region)]):
            yield from self._frame(start, end)

    # -- where frames begin

    def _starts(self) -> list[int]:
        """Return where frames begin: at their opening flag, or at a header that lacks one."""
        found = _places(self._region, self._header)
        flags = self._region.count(FLAG)
        if len(found) < _FEW and flags > 2 * _FEW and len(self._region) > _FEW * self._usual:
            learned = self._learned()
            if learned:
                found = sorted({*found, *_places(self._region, learned)})
        if self._likeness(self._region[:_HEADER]) >= _HEADER - 1 and 0 not in found:
            found.insert(0, 0)  # its opening flag closed a good frame
        return found

    def _likeness(self, head: bytes) -> int:
        """Return how many octets are those of the profile's header."""
        return sum(a == b for a, b in zip(head, self._header, strict=False))

    def _learned(self) -> bytes:
        """Return the header that most frames have, where it is none that the profile knows."""
        region = self._region
        heads = Counter(
            region[at + 1 : at + 1 + _HEADER]
            for at in _all_flags(region)
            if region[at + 1 : at + 2] != _FLAG and at + _HEADER < len(region)
        )
        # one in two frames, as near as their size is known
        enough = max(_FEW, len(region) // (3 * self._usual))
        often = [(head, count) for head, count in heads.most_common(16) if count >= enough]

        def likeness(row: tuple[bytes, int]) -> tuple[int, int, int]:
            head, count = row
            alike = self._likeness(head)
            alike += head[0] & 0xC0 == 0x80  # format types 1 to 3
            alike += abs(((head[0] & 7) << 8 | head[1]) - self._usual) <= _AROUND
            return alike, region.count(_FLAG + _FLAG + head), count

        return max(often, key=likeness)[0] if often else b""

    # -- one frame

    def _frame(self, start: int, end: int) -> Iterator[Piece]:
        """Yield what is between the beginning of a frame and that of the next one."""
        opening = self._region[start] == FLAG
        body = start + opening
        close = self._closing(body, end)
        stop = close if close is not None else self._broken_off(body, end)
        yield self._piece(start, body, stop, closing=close is not None)
        yield from self._loose(stop + (close is not None), end)

    def _closing(self, body: int, end: int) -> int | None:
        """Return where the closing flag of a frame is; None where it has none of its own."""
        region = self._region
        wanted = self._lengths(body)
        for length in wanted:
            place = body + length
            if place < end and region[place] == FLAG and self._good(body, place):
                return place
        if region[end - 1] == FLAG and end - 1 - body in wanted:
            return end - 1
        for length in wanted:
            if region[body + length : min(body + length + 2, end)] == _FLAG + _FLAG:
                return body + length
        head = region.find(FLAG, body, min(body + _SHORTEST, end))
        if head >= 0:
            return head  # a runt: the flag stands where the header would
        if region[end - 1] == FLAG:
            return self._last(body, end, wanted)
        if end - body in wanted or end - body < self._usual:
            return None  # shares the next flag, or is broken off
        flags = [at for at in _all_flags(region, body, end) if at - body >= _SHORTEST]
        for length in wanted:
            if body + length in flags:
                return body + length
        return min(flags, key=lambda at: abs(at - body - self._usual), default=None)

    def _last(self, body: int, end: int, wanted: tuple[int, ...]) -> int:
        """Return the closing flag among those at the end: what follows it is fill."""
        first = body + len(self._region[body:end].rstrip(_FLAG))
        for length in wanted:
            if first <= body + length < end:
                return body + length
        run = range(first, min(end, first + _MOST_FLAGS))
        return next((at for at in run if self._good(body, at)), first)

    def _lengths(self, body: int) -> tuple[int, ...]:
        """Return which lengths a body may have: the profile's, the stated one, that with flags."""
        stated = int.from_bytes(self._region[body : body + 2], "big") & 0x7FF
        return (self._usual, stated, stated - 2) if stated > _AROUND else (self._usual,)

    def _good(self, body: int, close: int) -> bool:
        octets = self._region[body:close]
        return crc16_x25(octets) == X25_GOOD or (
            ESCAPE in octets and crc16_x25(unstuffed(octets)) == X25_GOOD
        )

    def _broken_off(self, body: int, end: int) -> int:
        """Return where a frame without closing flag ends."""
        return end if end - body <= 2 * self._usual else body + self._usual

    # -- what is outside of frames

    def _before(self, end: int) -> Iterator[Piece]:
        """Yield what is before the first frame: the rest of one that was under way, or anything."""
        region = self._region
        flag = region.find(FLAG, 0, end)
        if not self._escaped and flag > 0 and end <= self._usual + 1 and region[end - 1] == FLAG:
            rest = len(region[:end].rstrip(_FLAG))
            yield self._noise(0, rest + 1)
            yield from self._loose(rest + 1, end)
        else:
            yield from self._loose(0, end)

    def _loose(self, at: int, end: int) -> Iterator[Piece]:
        """Yield what is between flags, where no header tells which of them open a frame."""
        region = self._region
        while at < end:
            flag = region.find(FLAG, at, end)
            if flag != at:
                stop = flag if flag >= 0 else end
                yield self._noise(at, stop)
                at = stop
                continue
            body = at
            while body < end and region[body] == FLAG:
                body += 1
            # the last flag opens what follows, those before are fill
            fill = body if body == end else body - 1
            if fill > at:
                yield Piece(self._offset + at, region[at:fill], Discard.FILL)
            if body == end:
                return
            close = self._next_closing(body, end)
            if close is None and self._escaped and end - body <= 2 * self._layout.longest:
                yield self._piece(fill, body, end, closing=False)  # a good frame's flag ends it
                at = end
            elif close is None:
                follower = region.find(FLAG, body, end)
                at = follower if follower >= 0 else end
                yield self._noise(fill, at)
            else:
                shared = not (close + 1 == end or region[close + 1] == FLAG)
                yield self._piece(fill, body, close, closing=not shared)
                at = close + (not shared)

    def _next_closing(self, body: int, end: int) -> int | None:
        """Return the flag that closes what a lone flag opened, if there is one near enough."""
        region = self._region
        if not self._escaped:
            for length in self._lengths(body):
                place = body + length
                if (
                    place < end
                    and region[place] == FLAG
                    and (place + 1 == end or region[place + 1] == FLAG)
                ):
                    return place
            if region[end - 1] == FLAG and abs(end - 1 - body - self._usual) <= _AROUND:
                return end - 1  # what is left between two good frames is as long as one
        found = region.find(FLAG, body, min(end, body + 2 * self._layout.longest + 2))
        return found if found >= 0 else None

    def _noise(self, start: int, end: int) -> Piece:
        return Piece(self._offset + start, self._region[start:end], Discard.NOISE)

    def _piece(self, start: int, body: int, stop: int, *, closing: bool) -> Piece:
        octets = self._region[start : stop + closing]
        inner = self._region[body:stop]
        kind = self._kind(inner)
        return Piece(self._offset + start, octets, kind, inner, body > start, closing)

    def _kind(self, inner: bytes) -> Discard:
        """Return what is between two flags."""
        octets = unstuffed(inner) if self._escaped else inner
        layout = self._layout
        head = int.from_bytes(inner[:2], "big")
        stated = head & 0x7FF
        right = stated == len(octets) or (self._escaped and stated == len(inner))
        if len(octets) < _SHORTEST:
            return Discard.RUNT
        good = crc16_x25(octets) == X25_GOOD
        cut_short = len(inner) < min(stated, self._usual) and not good
        if inner[-1] == ESCAPE and (self._escaped or cut_short):
            return Discard.ABORT
        typed = head >> 12 == layout.format_type and right
        return Discard.FCS if typed and not good else Discard.FRAME


def _places(region: bytes, header: bytes) -> list[int]:
    """Return the flags before octets that differ from a header in one at most.

    Where the header is whole but the octet before it is no flag, its own place stands instead.
    """
    alike = [
        b"".join(b"[\\x00-\\xff]" if at == wrong else re.escape(bytes((octet,)))
                 for at, octet in enumerate(header))
        for wrong in range(len(header))
    ]  # fmt: skip
    pattern = b"\\x7e(?=" + b"|".join(alike) + b")|(?<!\\x7e)(?=" + re.escape(header) + b")"
    return [found.start() for found in re.finditer(pattern, region)]


def _all_flags(region: bytes, start: int = 0, end: int | None = None) -> list[int]:
    """Return the places of all flags."""
    found = np.frombuffer(region, np.uint8)[start:end] == FLAG
    return [start + int(at) for at in np.flatnonzero(found)]
