"""Watching a P1 port: telegrams and what lies between them, each with its place in the stream."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bench.core.clock import seconds
from bench.core.link import Capability, LinkEnded
from bench.core.trace import Chunk, Frame
from bench.core.verdict import Reason
from bench.engine.observation import Ended
from bench.engine.session import Session
from bench.engine.suite import Unwell
from bench.protocols.p1.frame_splitter import holds_frame
from bench.protocols.p1.profile import Profile, load_profile
from bench.protocols.p1.splitter import Noise, Piece, TelegramOctets, TelegramSplitter
from bench.protocols.p1.telegram import Telegram, decode_telegram
from suites.p1.ciphered import CipheredStream, is_encrypted, port_keys

#: silence that ends an observation: some intervals, and time for a person to see to the cable
_PATIENCE_INTERVALS = 3
_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Seen:
    """One telegram as it came over the line, with its decoding."""

    frame: TelegramOctets
    telegram: Telegram

    @property
    def number(self) -> int:
        """Number of the frame within the observation."""
        return self.frame.number


class TelegramWatch:
    """Collects telegrams until `wanted` are there, or the port falls silent.

    What precedes the first telegram is not judged: the bench may have joined in mid telegram. So
    is what follows the last complete one, and a telegram that breaks off into a silence of more
    than two intervals: that is a pulled cable rather than a meter that forgets its end mark.
    `timed` says whether the stamps of the chunks mean anything. `ciphered` is the front of an
    encrypted port: the telegrams are then those that its frames hold.
    """

    def __init__(
        self,
        profile: Profile,
        wanted: int,
        *,
        timed: bool = True,
        ciphered: CipheredStream | None = None,
    ) -> None:
        self.profile = profile
        self.ciphered = ciphered
        self.wanted = wanted
        self.ended: Ended | None = None
        self.octets = 0
        self.breaks: list[Frame] = []
        self._timed = timed
        self._splitter = ciphered or TelegramSplitter(profile.line.character_ns if timed else 0)
        self._pieces: list[Piece] = []
        self._telegrams = 0
        self._last_ns: int | None = None

    # -- what the engine calls

    def feed(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        self.octets += len(chunk.octets)
        self._take(self._splitter.feed(chunk))

    def finish(self, ended: Ended) -> None:
        """Take the end: what is left is kept when it is complete."""
        self.ended = ended
        if self.ciphered:
            self.ciphered.over = ended is not Ended.COMPLETE
        left = self._splitter.flush()
        self._take([p for p in left if isinstance(p, TelegramOctets) and p.complete])
        if self.ciphered and self._timed:
            self.breaks += self.ciphered.breaks(2 * seconds(self.profile.interval_s))

    def complete(self) -> bool:
        """Return whether the wanted number of telegrams was seen."""
        # where an encrypted frame ends is known for certain when the next one has come
        return self.counted() >= self.wanted + (self.ciphered is not None)

    def deadline_ns(self, started_ns: int) -> int:
        """Return when waiting ends: no telegram, whatever else arrives, for that long."""
        patience = seconds(_PATIENCE_INTERVALS * self.profile.interval_s + _PATIENCE_S)
        last_ns = self.ciphered.last_ns if self.ciphered else self._last_ns
        return max(started_ns, last_ns or 0) + patience

    def counted(self) -> int:
        """Return how many telegrams were seen, or frames, whether or not they could be opened."""
        return self.ciphered.counted if self.ciphered else self._telegrams

    def frame(self, number: int) -> Frame:
        """Return a piece of the stream by number, telegrams with their annotated fields."""
        piece = self._pieces[self._place(number)]
        if isinstance(piece, TelegramOctets):
            fields = decode_telegram(piece.octets, self.profile).fields()
            return replace(piece, fields=fields)
        return piece

    def _place(self, number: int) -> int:
        """Return the index of a piece; an encrypted port leaves numbers out."""
        return bisect_left(self._pieces, number, key=lambda piece: piece.number)

    def _take(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            self._note_break(piece)
            self._pieces.append(piece)
            if isinstance(piece, TelegramOctets):
                self._telegrams += 1
                self._last_ns = piece.until_ns

    def _note_break(self, piece: Piece) -> None:
        """Note a telegram that a silence cuts off, or that runs over one into its successor."""
        if not self._timed:
            return
        silence_ns = 2 * seconds(self.profile.interval_s)
        before = self._pieces[-1] if self._pieces else None
        cut_off = isinstance(before, TelegramOctets) and not before.complete
        if before is not None and cut_off and piece.at_ns - before.until_ns > silence_ns:
            self.breaks.append(before)
        if isinstance(piece, TelegramOctets) and piece.until_ns - piece.at_ns > silence_ns:
            self.breaks.append(piece)

    # -- what the cases look at

    @cached_property
    def telegrams(self) -> tuple[Seen, ...]:
        """The telegrams that are judged, in the order of arrival."""
        left_out = {piece.number for piece in self.breaks}
        if self.ciphered:
            # where a frame ends is in doubt, so is its text; the frame's own cases say so
            sound = {seen.number for seen in self.ciphered.sound_frames()}
            left_out |= {seen.number for seen in self.ciphered.frames} - sound
        return tuple(
            Seen(piece, decode_telegram(piece.octets, self.profile))
            for piece in self._pieces
            if isinstance(piece, TelegramOctets) and piece.number not in left_out
        )

    @cached_property
    def between(self) -> tuple[Noise, ...]:
        """What stands between telegrams: pieces after the first telegram that belong to none."""
        first = next((p.number for p in self._pieces if isinstance(p, TelegramOctets)), None)
        if first is None:
            return ()
        return tuple(p for p in self._pieces if isinstance(p, Noise) and p.number > first)

    def before(self, seen: Seen) -> Noise | None:
        """Return what stands right before a telegram, None if nothing or the observation began."""
        index = self._place(seen.number) - 1
        if index <= 0:
            return None
        piece = self._pieces[index]
        return piece if isinstance(piece, Noise) else None

    def unwell(self) -> Unwell | None:
        """Return why nothing can be judged: no octets at all, or octets but no telegram."""
        if self._undeclared_encryption():
            return Unwell(
                Reason.LINE,
                "encrypted frames arrived; if the port of this device is encrypted, declare "
                '[p1.ics] "P1/ENCRYPTED" = true and [p1.keys] encryption = "env:NAME"',
            )
        if self.telegrams or (self._telegrams and not self.ciphered):
            return None
        if not self.octets:
            return Unwell(
                Reason.SILENT,
                "no octet arrived; is the cable in, the data request raised, the port activated?",
            )
        if self.ciphered and self.ciphered.frames:
            return Unwell(Reason.IXIT, self.ciphered.why_closed())
        return Unwell(
            Reason.LINE,
            f"{self.octets} octets arrived but no telegram; does the line run at "
            f"{self.profile.line} as {self.profile.title} has it, and is it inverted?",
        )

    def _undeclared_encryption(self) -> bool:
        """Whether frames came to a plain watch; chance lets some look like telegrams."""
        if self.ciphered or not any(holds_frame(piece.octets) for piece in self._pieces):
            return False
        return not any(seen.telegram.crc.ok for seen in self.telegrams)


def observe(session: Session) -> TelegramWatch:
    """Return the shared observation of the P1 port, made at the first call."""
    wanted = session.preparation.observed_telegrams
    return session.observe("p1", lambda: new_watch(session, wanted))


def new_watch(session: Session, wanted: int) -> TelegramWatch:
    """Return a watch of the declared port that has seen nothing yet."""
    profile = load_profile(session.preparation.target("p1").profile)
    timed = session.can("p1", Capability.TIMESTAMPS)
    ciphered = None
    if is_encrypted(session):
        octet_ns = profile.line.character_ns if timed else 0
        ciphered = CipheredStream(profile, port_keys(session), octet_ns)
    return TelegramWatch(profile, wanted, timed=timed, ciphered=ciphered)


def closing_telegram(session: Session) -> Unwell | None:
    """Wait for one more telegram: the known-good exchange after a group of cases.

    A recording that has ended, or a port that fell silent during the observation, has been
    reported by then.
    """
    watched = observe(session)
    if watched.ended is not Ended.COMPLETE:
        return None
    link, clock = session.link("p1"), session.clock
    watch = new_watch(session, 1)
    deadline = clock.now() + watch.deadline_ns(0)
    while not watch.counted() and clock.now() < deadline and not session.stopping:
        try:
            chunk = link.read(deadline)
        except LinkEnded:
            return None
        if chunk is not None:
            watch.feed(chunk)
    if watch.counted() or session.stopping:
        return None
    return Unwell(Reason.SURVIVAL, "no telegram came any more")
