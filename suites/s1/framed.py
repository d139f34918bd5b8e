"""All that looks like a frame in a capture, good or not, with what its header says.

A header is judged where its check sequence vouches for it: the right one, or one that is wrong in
the way that the device always makes it. What an error on the line did to a frame is no statement of
the device.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from bench.core.check import Deviation, Place
from bench.engine.checks import SHOWN_DEVIATIONS
from bench.protocols.crc import X25_GOOD, crc16_x25
from bench.protocols.s1.damaged import Piece
from bench.protocols.s1.encode import ESCAPE, FLAG, unstuffed
from bench.protocols.s1.profile import Transparency
from suites.s1.capture import Capture, Numbers
from suites.s1.check_sequence import Way, way_of

_HEADER = 4  # format, address, control
_LEAST = 6  # octets of a frame without information
_FLAG = bytes((FLAG,))


@dataclass(frozen=True, slots=True)
class Other:
    """What looks like a frame but is no good one.

    `body` is what is between its flags, as its maker meant it: without escapes and with the octets
    of its check sequence that are missing, where that makes it right. `sealed` says that its check
    sequence vouches for it, `right` that it is the right one.
    """

    piece: Piece
    body: bytes
    right: bool
    sealed: bool
    escaped: bool = False  # though nothing is to be
    lacks: int = 0  # octets 7E that its check sequence has lost


class Framed:
    """The frames of a capture; made once by `capture.derived(Framed)`."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        escapes = capture.profile.transparency is Transparency.OCTET
        found = [
            _read(piece, escapes=escapes) for piece in capture.damaged if len(piece.body) >= _LEAST
        ]
        wrong = [one.body for one in found if not one.right and _states_its_length(one.body)]
        self.way: Way | None = way_of(wrong)
        """How check sequences are made that are wrong; None where no way explains most of them."""
        self.others = tuple(self._sealed(one) for one in found)
        if not len(capture) and not any(one.sealed for one in self.others):
            self.others = tuple(_trusted(one) for one in self.others)  # there is nothing better

    def _sealed(self, one: Other) -> Other:
        if one.right or self.way is None or not self.way.made(one.body):
            return one
        return _trusted(one)

    @property
    def wrong(self) -> tuple[Other, ...]:
        """Frames whose check sequence is not the right one."""
        return tuple(one for one in self.others if not one.right)

    @cached_property
    def _vouched(self) -> tuple[Other, ...]:
        return tuple(one for one in self.others if one.sealed)

    def __len__(self) -> int:
        """How many frames there are whose header is judged."""
        return len(self.capture) + len(self._vouched)

    @property
    def doubtful(self) -> int:
        """How many frames were damaged on their way: their headers say nothing."""
        return len(self.others) - len(self._vouched)

    # -- header fields of the frames that are judged: good ones first, shape (n,)

    @cached_property
    def format_type(self) -> Numbers:
        """The upper four bits of the format field."""
        return self._column(self.capture.format_type, lambda body: body[0] >> 4)

    @cached_property
    def segmented(self) -> Numbers:
        """The segmentation bit."""
        good = self.capture.segmented.astype(np.int64)
        return self._column(good, lambda body: body[0] >> 3 & 1)

    @cached_property
    def stated(self) -> Numbers:
        """What the length field says."""
        return self._column(self.capture.stated_length, stated_length)

    @cached_property
    def actual(self) -> Numbers:
        """How many octets there are between the flags, escapes removed."""
        return self._column(self.capture.lengths, len)

    @cached_property
    def version(self) -> Numbers:
        """The version of the data format; -1 where a frame is too short to say."""
        profile = self.capture.profile
        low, high = profile.version_bits
        at = _HEADER + profile.fields[profile.version_field].at

        def read(body: bytes) -> int:
            return body[at] >> low & (1 << (high - low + 1)) - 1 if len(body) > at + 2 else -1

        good = np.full(len(self.capture), -1, np.int64)
        good[self.capture.complete] = self.capture.version
        return self._column(good, read)

    @cached_property
    def address(self) -> Numbers:
        """The octet after the format field."""
        return self._column(self.capture.address, lambda body: body[2])

    @cached_property
    def control(self) -> Numbers:
        """The octet after the address."""
        return self._column(self.capture.control, lambda body: body[3])

    def _column(self, good: Numbers, read: Callable[[bytes], int]) -> Numbers:
        others = np.array([read(one.body) for one in self._vouched], np.int64)
        return np.concatenate([good, others])

    def deviations(
        self,
        rows: NDArray[np.bool_],
        at: int,
        length: int,
        expected: str,
        observed: Callable[[int], str],
    ) -> Iterator[Deviation]:
        """Yield a deviation for each row that is marked; the first ones have their places.

        `at` is the octet after the flag.
        """
        count = len(self.capture)
        marked = np.flatnonzero(rows)
        last = None
        for row in marked[:SHOWN_DEVIATIONS].tolist():
            if row < count:
                offset, lead = int(self.capture.offsets[row]), 1
            else:
                piece = self._vouched[row - count].piece
                offset, lead = piece.offset, int(piece.opening)
            place = Place(self.capture.number_at(offset), lead + at, length)
            last = Deviation(place, expected, observed(row))
            yield last
        if last is not None:
            yield from repeat(last, len(marked) - SHOWN_DEVIATIONS)

    def place(self, one: Other) -> Place:
        """Return the place of a whole damaged frame."""
        piece = one.piece
        return Place(self.capture.number_at(piece.offset), 0, len(piece.octets))


def stated_length(body: bytes) -> int:
    """Return what the length field of a frame says."""
    return (body[0] & 7) << 8 | body[1]


def _states_its_length(body: bytes) -> bool:
    return stated_length(body) == len(body)


def _trusted(one: Other) -> Other:
    return Other(one.piece, one.body, one.right, True, one.escaped, one.lacks)


def _read(piece: Piece, *, escapes: bool) -> Other:
    """Return a piece as its maker meant it."""
    body = unstuffed(piece.body) if escapes else piece.body
    if _right(body):
        return Other(piece, body, True, True)
    if ESCAPE in body and not escapes:
        for plain in (unstuffed(body), body.replace(bytes((ESCAPE, FLAG ^ 0x20)), _FLAG)):
            if _right(plain):
                return Other(piece, plain, True, True, escaped=True)
    whole = without_loss(body)
    if whole != body:
        return Other(piece, whole, True, True, lacks=len(whole) - len(body))
    return Other(piece, body, False, False)


def without_loss(body: bytes) -> bytes:
    """Return a body with the octets 7E of its check sequence put back; as it is if none lacks."""
    lost = stated_length(body) - len(body)
    tried: tuple[bytes, ...]
    if lost == 1:
        tried = (body[:-1] + _FLAG + body[-1:], body + _FLAG)
    elif lost == 2:
        tried = (body + 2 * _FLAG,)
    else:
        return body
    return next((whole for whole in tried if _right(whole)), body)


def _right(body: bytes) -> bool:
    return crc16_x25(body) == X25_GOOD
