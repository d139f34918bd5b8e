"""The front of an encrypted P1 port: frames go in, the telegrams that they hold come out.

A telegram keeps the number and the stamps of its frame, so that all other cases judge an encrypted
port as they judge a plain one. What is wrong with a frame itself stays here, for its own cases.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from bench.core.errors import UsageError
from bench.core.trace import Chunk, Frame
from bench.engine.secrets import Secret, declared_secret
from bench.engine.session import Session
from bench.protocols.p1.ciphering import (
    PUBLISHED_AUTHENTICATION_KEY,
    CipheredFrame,
    Opened,
    decode_frame,
    open_frame,
)
from bench.protocols.p1.frame_splitter import EncryptedPiece, FrameOctets, FrameSplitter
from bench.protocols.p1.profile import Profile, load_profile
from bench.protocols.p1.splitter import Noise, Piece, TelegramOctets, TelegramSplitter
from bench.protocols.p1.telegram import Telegram, decode_telegram

_TELEGRAM_START = re.compile(rb"/[A-Za-z]{3}[0-9]")


@dataclass(frozen=True, slots=True)
class PortKeys:
    """The keys of a port; `problem` says why there is none to decrypt with."""

    encryption: Secret | None = None
    authentication: Secret | None = None
    problem: str = ""

    def open(self, frame: CipheredFrame) -> Opened | None:
        """Return what the keys make of a frame, None where there is no key or nothing to open."""
        if self.encryption is None:
            return None
        if self.authentication is None:
            return open_frame(frame, self.encryption.reveal(), PUBLISHED_AUTHENTICATION_KEY)
        return open_frame(frame, self.encryption.reveal(), self.authentication.reveal())


class Fit(StrEnum):
    """What opening a frame says about the keys and the frame."""

    CLOSED = "closed"  # no key, or the frame lacks what decryption needs
    AUTHENTIC = "authentic"  # the tag fits
    TEXT = "text"  # no or a wrong tag, and the CRC of the text in it fits
    START = "start"  # no or a wrong tag and a wrong CRC, but the text starts as a telegram does
    NOTHING = "nothing"  # no or a wrong tag, and no text: the key, or the whole frame, is wrong


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """One frame as it came over the line, with what its keys opened.

    `residue` stands right behind it and belongs to nothing. `telegram` is the first telegram of the
    plain text, `apart` counts the octets of the plain text that are not part of it.
    """

    piece: FrameOctets
    frame: CipheredFrame
    opened: Opened | None
    fit: Fit
    telegram: Telegram | None
    apart: int

    @property
    def number(self) -> int:
        """Number of the frame within the observation."""
        return self.piece.number


class CipheredStream:
    """Takes the place of a TelegramSplitter where the port is declared encrypted.

    `pieces` is all that was on the line, `frames` the frames among it, `clear` the telegrams in
    clear, which are passed on as they are. What stood at the end and was not whole is `unfinished`.
    """

    def __init__(self, profile: Profile, keys: PortKeys, octet_ns: float = 0) -> None:
        self.keys = keys
        self.pieces: list[EncryptedPiece] = []
        self.frames: list[SeenFrame] = []
        self.clear: list[TelegramOctets] = []
        self.last_ns: int | None = None
        self.unfinished: list[EncryptedPiece] = []
        self.over = False  # whether it is known that nothing follows
        self._profile = profile
        self._splitter = FrameSplitter(octet_ns)

    @property
    def counted(self) -> int:
        """How many frames and telegrams in clear have come."""
        return len(self.frames) + len(self.clear)

    @property
    def readable(self) -> bool:
        """Whether the key has opened any frame, which shows that it is the right one."""
        return any(seen.fit in (Fit.AUTHENTIC, Fit.TEXT, Fit.START) for seen in self.frames)

    def sound_frames(self) -> list[SeenFrame]:
        """Return the frames whose layout leaves no doubt about where they end."""
        known = {piece.number for piece in self.pieces if not isinstance(piece, Noise)}
        residue = bool(self.unfinished) and isinstance(self.unfinished[0], Noise)
        if self.over and self.pieces and not residue:
            known.add(self.pieces[-1].number + 1)
        return [
            seen
            for seen in self.frames
            if seen.number + 1 in known
            and all(problem.code == "security" for problem in seen.frame.problems)
        ]

    def why_closed(self) -> str:
        """Return why no frame gives a telegram, and what to do."""
        count = f"{len(self.frames)} encrypted frames arrived, "
        if self.keys.encryption is None:
            return f"{count}but {self.keys.problem}"
        if all(seen.fit is Fit.CLOSED for seen in self.frames):
            return f"{count}but their layout lacks what decryption needs"
        if self.readable:
            return f"{count}but their layout is wrong, or what they hold is no telegram"
        return (
            f"{count}but none opens with the key that [p1.keys] encryption names "
            f"({self.keys.encryption.reference}); is it the key of this meter?"
        )

    def feed(self, chunk: Chunk) -> list[Piece]:
        """Take the octets of a chunk in; return the telegrams that they complete."""
        return self._take(self._splitter.feed(chunk))  # type: ignore[arg-type]

    def flush(self) -> list[Piece]:
        """Return the telegrams that are left, and what stands for one whose end never came."""
        left: list[EncryptedPiece] = list(self._splitter.flush())
        found = self._take([p for p in left if not isinstance(p, Noise) and p.complete])
        self.unfinished += [p for p in left if isinstance(p, Noise) or not p.complete]
        for piece in left:
            if isinstance(piece, FrameOctets) and not piece.complete:
                found.append(
                    TelegramOctets(
                        piece.number,
                        piece.at_ns,
                        piece.until_ns,
                        piece.octets,
                        offset=piece.offset,
                        complete=False,
                    )
                )
        return found

    def frame(self, number: int) -> Frame:
        """Return a piece by number with its annotated fields."""
        piece = next(piece for piece in self.pieces if piece.number == number)
        if isinstance(piece, TelegramOctets):
            fields = decode_telegram(piece.octets, self._profile).fields()
            return replace(piece, fields=fields)
        return replace(piece, fields=decode_frame(piece.octets).fields())

    def breaks(self, gap_ns: int) -> list[FrameOctets]:
        """Return the frames that break off into a silence longer than `gap_ns`: a pulled cable."""
        return [
            piece
            for piece, following in zip(self.pieces, self.pieces[1:], strict=False)
            if isinstance(piece, FrameOctets)
            and not piece.complete
            and following.at_ns - piece.until_ns > gap_ns
        ]

    def _take(self, pieces: list[EncryptedPiece]) -> list[Piece]:
        found: list[Piece] = []
        for piece in pieces:
            self.pieces.append(piece)
            if isinstance(piece, FrameOctets):
                seen, telegram = self._seen(piece)
                self.frames.append(seen)
                found += [telegram] if telegram is not None else []
            elif isinstance(piece, TelegramOctets):
                self.clear.append(piece)
                found.append(piece)
            if not isinstance(piece, Noise):
                self.last_ns = piece.until_ns
        return found

    def _seen(self, piece: FrameOctets) -> tuple[SeenFrame, TelegramOctets | None]:
        frame = decode_frame(piece.octets)
        opened = self.keys.open(frame)
        if opened is None:
            return SeenFrame(piece, frame, None, Fit.CLOSED, None, 0), None
        if not opened.authentic and _TELEGRAM_START.search(opened.plaintext) is None:
            return SeenFrame(piece, frame, opened, Fit.NOTHING, None, 0), None
        octets = _telegram_in(opened.plaintext)
        if octets is None:
            fit = Fit.AUTHENTIC if opened.authentic else Fit.NOTHING
            return SeenFrame(piece, frame, opened, fit, None, len(opened.plaintext)), None
        telegram = decode_telegram(octets, self._profile)
        if opened.authentic:
            fit = Fit.AUTHENTIC
        elif telegram.crc.ok:
            fit = Fit.TEXT
        else:
            fit = Fit.START if _TELEGRAM_START.match(opened.plaintext) else Fit.NOTHING
        seen = SeenFrame(piece, frame, opened, fit, telegram, len(opened.plaintext) - len(octets))
        if fit is Fit.NOTHING:
            return seen, None
        inside = TelegramOctets(
            piece.number, piece.at_ns, piece.until_ns, octets, offset=piece.offset
        )
        return seen, inside


def _telegram_in(plaintext: bytes) -> bytes | None:
    """Return the first telegram of a plain text, None if it holds none."""
    splitter = TelegramSplitter()
    pieces = [*splitter.feed(Chunk(0, plaintext)), *splitter.flush()]
    return next((p.octets for p in pieces if isinstance(p, TelegramOctets)), None)


def is_encrypted(session: Session) -> bool:
    """Whether the P1 port of the device is declared to send encrypted frames."""
    answers = session.preparation.target("p1").answers
    return answers["P1/CIPHERING"] and answers["P1/ENCRYPTED"]


def port_keys(session: Session) -> PortKeys:
    """Return the keys that the declaration names; without an encryption key, why there is none."""
    try:
        encryption = declared_secret(session.preparation, "p1", "encryption")
        authentication = declared_secret(session.preparation, "p1", "authentication")
    except UsageError as error:
        return PortKeys(problem=str(error))
    if encryption is None:
        return PortKeys(
            problem="the declaration names no key: add "
            '[p1.keys] encryption = "env:NAME", which holds the 32 hexadecimal digits of the key'
        )
    return PortKeys(encryption, authentication)


def stream_splitter(session: Session) -> TelegramSplitter | CipheredStream:
    """Return what cuts the stream of the declared port into telegrams."""
    profile = load_profile(session.preparation.target("p1").profile)
    if is_encrypted(session):
        return CipheredStream(profile, port_keys(session), profile.line.character_ns)
    return TelegramSplitter(profile.line.character_ns)
