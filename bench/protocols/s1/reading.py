"""Reads a whole S1 stream: its good frames in blocks, and between them what is damaged."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.core.trace import Problem
from bench.protocols.crc import X25_GOOD, crc16_x25
from bench.protocols.s1.bulk import Block, BulkCutter
from bench.protocols.s1.damaged import Piece, gaps, iter_pieces
from bench.protocols.s1.encode import ESCAPE, FLAG, unstuffed
from bench.protocols.s1.profile import Profile, Transparency
from bench.protocols.s1.stream import Discard, Statistics
from bench.protocols.s1.telegram import Telegram, decode_telegram

FRAMES = frozenset({Discard.FCS, Discard.FRAME, Discard.RUNT, Discard.ABORT})


@dataclass(frozen=True)
class Stream:
    """A stream that was taken apart; `spans` are the stretches without a good frame."""

    octets: bytes
    profile: Profile
    blocks: tuple[Block, ...]
    spans: tuple[tuple[int, int], ...]
    statistics: Statistics

    def in_order(self) -> Iterator[Block | Piece]:
        """Yield all that the stream holds, blocks of good frames and pieces between them."""
        blocks = iter(self.blocks)
        block = next(blocks, None)
        for begin, end in self.spans:
            while block is not None and int(block.offsets[0]) < begin:
                yield block
                block = next(blocks, None)
            yield from iter_pieces(self.octets[begin:end], begin, self.profile)
        while block is not None:
            yield block
            block = next(blocks, None)

    def damaged(self) -> Iterator[Piece]:
        """Yield the pieces that are no good frames, noise and fill among them."""
        for begin, end in self.spans:
            yield from iter_pieces(self.octets[begin:end], begin, self.profile)

    def telegram(self, piece: Piece) -> Telegram:
        """Return what a damaged frame says, with what is wrong between it and its neighbours.

        Offsets of its problems count from its opening flag, also from one that it shares.
        """
        behind = piece.offset + len(piece.octets)
        closed = piece.closing or self.octets[behind : behind + 1] == bytes((FLAG,))
        opened = piece.opening or self.octets[piece.offset - 1 : piece.offset] == bytes((FLAG,))
        return damaged_telegram(piece, self.profile, opened=opened, closed=closed)


def read_stream(octets: bytes, profile: Profile) -> Stream:
    """Return a whole stream taken apart; nothing in it raises."""
    cutter = BulkCutter(profile)
    blocks = (*cutter.feed(octets), *cutter.flush())
    spans = tuple(gaps(blocks, len(octets)))
    return Stream(octets, profile, blocks, spans, cutter.statistics)


def flag_offset(piece: Piece) -> int:
    """Return where the opening flag of a piece is, or would be."""
    return piece.offset - (not piece.opening)


def damaged_telegram(
    piece: Piece, profile: Profile, *, opened: bool = True, closed: bool = True
) -> Telegram:
    """Return what a damaged frame says as far as it can be read, and all that is wrong with it.

    Where only taking out escapes makes its check sequence right, they are taken out. `opened` and
    `closed` say whether there are flags around it, its own or shared ones.
    """
    found: list[Problem] = []
    body = piece.body
    if profile.transparency is Transparency.OCTET:
        body = unstuffed(body)
    elif ESCAPE in body and crc16_x25(body) != X25_GOOD:
        plain = unstuffed(body)
        if crc16_x25(plain) == X25_GOOD:
            text = f"{len(body) - len(plain)} octets are escaped, where nothing is to be escaped"
            found.append(_problem("escaped", text, 1 + body.index(ESCAPE)))
            body = plain
    if not opened:
        found.append(_problem("opening-flag", "the opening flag is missing", 0))
    if piece.kind is Discard.ABORT:
        found.append(_problem("abort", "broken off by escape and flag", len(piece.body)))
    elif not closed:
        found.append(_problem("closing-flag", "the closing flag is missing", 1 + len(piece.body)))
    telegram = decode_telegram(body, profile)
    if not found:
        return telegram
    problems = sorted((*telegram.problems, *found), key=lambda problem: problem.offset)
    return replace(telegram, problems=tuple(problems))


def _problem(code: str, text: str, offset: int) -> Problem:
    return Problem(offset, text, code, "ISO-IEC-13239")
