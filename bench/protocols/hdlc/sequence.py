"""One end of an exchange of I frames: V(S), V(R), windows, segments (IEC 62056-46 §6.4.4)."""

from collections import deque
from typing import NamedTuple

from bench.protocols.hdlc.parameters import LinkParameters

MODULUS = 8


class Segment(NamedTuple):
    """What one I frame carries; `ns` is its number, `more` its segmentation bit."""

    ns: int
    octets: bytes
    more: bool


class Sequence:
    """Numbers what is sent, puts together what is received; knows nothing of frames or time.

    `vs` and `vr` are the standard's state variables; `va` is the oldest number not acknowledged.
    """

    def __init__(self, parameters: LinkParameters, longest: int) -> None:
        self._parameters = parameters
        self._longest = longest
        self.vs = 0
        self.vr = 0
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._sent: deque[tuple[bytes, bool]] = deque()
        self._parts = bytearray()
        self._segments = 0
        self.dropped = 0  # octets of the last unit if it was longer than any may be
        self.segments = 0  # of the last unit that was complete

    @property
    def va(self) -> int:
        """The number of the oldest I frame that is not acknowledged; V(S) if there is none."""
        return (self.vs - len(self._sent)) % MODULUS

    @property
    def outstanding(self) -> bool:
        """Whether an I frame was sent and is not acknowledged."""
        return bool(self._sent)

    @property
    def waiting(self) -> bool:
        """Whether segments wait for their turn."""
        return bool(self._waiting)

    @property
    def receiving(self) -> bool:
        """Whether segments came and the last one is missing."""
        return bool(self._segments)

    def queue(self, octets: bytes) -> None:
        """Cut a unit into segments and put them in the queue; an empty one is one segment."""
        size = self._parameters.info_transmit
        for at in range(0, max(len(octets), 1), size):
            self._waiting.append((octets[at : at + size], at + size < len(octets)))

    def burst(self) -> list[Segment]:
        """Return the next segments as far as the window allows, and number them."""
        segments = []
        while self._waiting and len(self._sent) < self._parameters.window_transmit:
            octets, more = self._waiting.popleft()
            self._sent.append((octets, more))
            segments.append(Segment(self.vs, octets, more))
            self.vs = (self.vs + 1) % MODULUS
        return segments

    def acknowledge(self, nr: int) -> bool:
        """Take an N(R); return whether it is one of a frame sent, or the next."""
        count = (nr - self.va) % MODULUS
        if count > len(self._sent):
            return False
        for _ in range(count):
            self._sent.popleft()
        return True

    def go_back(self) -> None:
        """Put what is not acknowledged back to the head of the queue, to be sent again."""
        self.vs = self.va
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()

    def expects(self, ns: int) -> bool:
        """Return whether an I frame of this number is the next one."""
        return ns == self.vr

    def ahead(self, ns: int) -> bool:
        """Return whether the number says that frames before this one in the window are missing."""
        return 0 < (ns - self.vr) % MODULUS < self._parameters.window_receive

    def take(self, octets: bytes, more: bool) -> bytes | None:
        """Take the next I frame's octets; return the unit that it completes, if it does.

        A unit that is too long is dropped: `dropped` then says how long it was, once complete.
        """
        self.vr = (self.vr + 1) % MODULUS
        if not self._segments:
            self.dropped = 0
        self._segments += 1
        size = len(self._parts) + len(octets)
        if self.dropped or max(size, self._segments) > self._longest:
            self.dropped += max(size, 1)
            self._parts.clear()
        else:
            self._parts += octets
        if more:
            return None
        unit = bytes(self._parts)
        self._parts.clear()
        self.segments, self._segments = self._segments, 0
        return None if self.dropped else unit
