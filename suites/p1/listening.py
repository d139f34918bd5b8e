"""Listening to a P1 port while a case raises and releases the data request.

The octets that a case hears are cut into telegrams and kept, so that its checks can point at them.
"""

from collections.abc import Callable
from dataclasses import replace

from bench.core.clock import SECOND, seconds
from bench.core.trace import Chunk, Frame
from bench.engine.context import CaseContext
from bench.engine.observing import Stopped
from bench.engine.session import Session
from bench.protocols.p1.profile import Profile, load_profile
from bench.protocols.p1.splitter import Piece, TelegramOctets
from bench.protocols.p1.telegram import decode_telegram
from suites.p1.ciphered import stream_splitter
from suites.p1.watch import Seen

_SLICE_NS = SECOND // 2  # how long a wait lasts before the operator's wish to stop is looked at


class Listener:
    """Hears what the port sends during one case.

    `pieces` are the telegrams and what lies between them, cut anew at every new request: a telegram
    that was broken off does not swallow the next one.
    """

    def __init__(self, context: CaseContext, session: Session) -> None:
        self.profile: Profile = load_profile(session.preparation.target("p1").profile)
        self.pieces: list[Piece] = []
        self._context = context
        self._session = session
        self._splitter = stream_splitter(session)

    @property
    def now(self) -> int:
        """The present instant on the clock of the link."""
        return self._context.link.clock.now()

    def patience_ns(self) -> int:
        """Return how long a telegram may take to come before the port counts as silent."""
        return seconds(3 * self.profile.interval_s + self.profile.max_transfer_s)

    def listen(self, until_ns: int, enough: Callable[[], bool] = lambda: False) -> list[Chunk]:
        """Return what arrives until the instant, or until `enough` after a chunk."""
        heard: list[Chunk] = []
        while not enough() and (chunk := self.next_chunk(until_ns)) is not None:
            heard.append(chunk)
        return heard

    def next_chunk(self, until_ns: int) -> Chunk | None:
        """Return the next octets that arrive, None if none come until the instant."""
        while True:
            if self._session.stopping:
                raise Stopped
            chunk = self._context.receive(min(until_ns, self.now + _SLICE_NS))
            if chunk is not None:
                self.pieces += self._splitter.feed(chunk)
                return chunk
            if self.now >= until_ns:
                return None

    def request(self, active: bool) -> int:
        """Raise or release the data request; return the instant. A new request is cut anew."""
        if active:
            self.cut()
        return self._context.link.request(active)

    def cut(self) -> None:
        """Take what has arrived as it is: the next octet begins a new piece."""
        self.pieces += self._splitter.flush()

    def telegram(self, after_ns: int, until_ns: int) -> TelegramOctets | None:
        """Return the first whole telegram that started after an instant; None if none came."""
        start = len(self.pieces)

        def found() -> TelegramOctets | None:
            for piece in self.pieces[start:]:
                if isinstance(piece, TelegramOctets) and piece.complete and piece.at_ns > after_ns:
                    return piece
            return None

        self.listen(until_ns, lambda: found() is not None)
        return found()

    def telegrams(self) -> tuple[Seen, ...]:
        """Return all telegrams heard so far, decoded, in the order of arrival."""
        return tuple(
            Seen(piece, decode_telegram(piece.octets, self.profile))
            for piece in self.pieces
            if isinstance(piece, TelegramOctets)
        )

    def frame(self, number: int) -> Frame:
        """Return a piece by its number, telegrams with their annotated fields."""
        self.cut()
        piece = next(piece for piece in self.pieces if piece.number == number)
        if isinstance(piece, TelegramOctets):
            fields = decode_telegram(piece.octets, self.profile).fields()
            return replace(piece, fields=fields)
        return piece
