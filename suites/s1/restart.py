"""Switching the port off and on again, as the operator does, and what came before and after."""

from contextlib import suppress

import numpy as np

from bench.core.clock import MILLISECOND, seconds
from bench.core.errors import AdapterError
from bench.core.trace import Chunk
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from suites.s1.capture import Capture
from suites.s1.listening import Listener

_BEFORE_S, _AFTER_S = 2.0, 3.0
_SLICE_NS = 50 * MILLISECOND
_SILENT_NS = 500 * MILLISECOND
_IN_A_ROW = 3
_ALIKE = 0.01  # of the frames: more of them say that nothing tells frames apart


class Restart:
    """One time off and on; the port is on again at the end of the case, whatever came of it."""

    def __init__(self, listener: Listener, context: CaseContext) -> None:
        self._listener = listener
        self._context = context
        self._limit_s = float(context.ixit["activation_s"])
        self._off = False

    def run(self) -> tuple[Capture, Capture]:
        """Return what came before and after.

        Inconclusive where nothing came before, or the port does not fall silent.
        """
        listener = self._listener
        listener.forget()
        heard = listener.chunks(listener.now + seconds(_BEFORE_S))
        self._context.at_end(self._activate)
        self._off = True
        self._context.link.control("deactivate")
        before = Capture(listener.profile, [*heard, *self._until_silent()])
        if not len(before.sequence):
            raise Inconclusive(Reason.PRECONDITION, "no good frame came before the deactivation")
        self._activate()
        found = self._first()
        if found:
            found += listener.chunks(listener.now + seconds(_AFTER_S))
        return before, Capture(listener.profile, found)

    def _until_silent(self) -> list[Chunk]:
        listener = self._listener
        found: list[Chunk] = []
        deadline, last = listener.now + seconds(self._limit_s), listener.now
        while listener.now - last < _SILENT_NS:
            if listener.now >= deadline:
                raise Inconclusive(
                    Reason.PRECONDITION,
                    f"the port still sends {self._limit_s:g} s after it was deactivated",
                )
            more = listener.chunks(listener.now + _SLICE_NS)
            if more:
                found += more
                last = more[-1].at_ns
        return found

    def _first(self) -> list[Chunk]:
        deadline = self._listener.now + seconds(self._limit_s)
        found: list[Chunk] = []
        while not found and self._listener.now < deadline:
            found = self._listener.chunks(self._listener.now + _SLICE_NS)
        return found

    def _activate(self) -> None:
        if self._off:
            self._off = False
            with suppress(AdapterError):
                self._context.link.control("activate")


def again(before: Capture, after: Capture) -> list[int] | None:
    """Return the rows of frames that had come before already; None where frames are alike anyway.

    Frames are compared octet for octet: the noise of the converters tells them apart. A single one
    may be like another by chance; what is kept and sent again comes in a row.
    """
    known = _frames(before)
    there = set(known)
    if len(there) < (1 - _ALIKE) * len(known):
        return None
    alike = np.array([frame in there for frame in _frames(after)], np.int8)
    edges = np.flatnonzero(np.diff(alike, prepend=0, append=0)).reshape(-1, 2).tolist()
    return [row for first, end in edges if end - first >= _IN_A_ROW for row in range(first, end)]


def _frames(capture: Capture) -> list[bytes]:
    places = zip(capture.offsets.tolist(), capture.ends.tolist(), strict=True)
    return [capture.octets[first:end] for first, end in places]
