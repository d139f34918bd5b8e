"""Area A7: the encrypted frames of Luxembourg (Luxmetering E-Meter P1 1.1.3, §3.2.5)."""

import re
from collections.abc import Iterator

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.protocols.p1.ciphering import PLAIN, PROTECTED, decode_frame
from bench.protocols.p1.frame_splitter import FrameOctets
from bench.protocols.p1.splitter import Noise, TelegramOctets
from suites.p1.ciphered import CipheredStream, Fit, SeenFrame
from suites.p1.watch import TelegramWatch

_CLAUSE = "Luxmetering-1.1.3:3.2.5"
_ENCRYPTED = "P1/CIPHERING and P1/ENCRYPTED"
_KEY = "keys.encryption"
_LEAST_FRAME_OCTETS = 25  # less between two frames belongs to the one before
_HEADER_LINE = re.compile(rb"/[A-Za-z]{3}[0-9][\x20-\x7e]*\r\n")


@case(
    Case(
        id="P1-A-110",
        version=1,
        interface="p1",
        title="Layout of encrypted frames",
        purpose="Ensure that a frame is DB, a system title of eight octets, a length in its "
        "shortest form that counts what follows, and no octet more.",
        stimulus="Listen.",
        criterion="Every frame starts with DB 08; its length is written in DER and equals the "
        "number of octets that follow it; nothing stands between frames.",
        kind=Kind.VALID,
        clauses=(_CLAUSE,),
        ics=_ENCRYPTED,
        detects=(
            "p1.enc-start-da",
            "p1.enc-title-empty",
            "p1.enc-length-long",
            "p1.enc-length-short",
            "p1.enc-length-without-tag",
            "p1.enc-length-form",
        ),
    )
)
def test_layout(ciphered: CipheredStream, watch: TelegramWatch, verify: Checks) -> None:
    """A reader finds every frame by its header alone."""
    expected = {
        "start": "DB",
        "title": "a system title of 8 octets",
        "length-form": "the shortest form of the length",
        "length": "a length that counts all octets behind it",
    }
    broken = {piece.number for piece in watch.breaks}
    found: dict[str, list[Deviation]] = {check: [] for check in expected}
    examined = 0
    for number, octets in _frames_and_what_stands_for_them(ciphered):
        if number in broken:
            continue
        examined += 1
        for problem in decode_frame(octets).problems:
            check = "length" if problem.code == "short" else problem.code
            if check in found:
                place = Place(number, problem.offset, problem.length)
                found[check].append(Deviation(place, expected[check], problem.message))
    for check, deviations in found.items():
        verify.none_of(
            check, deviations, examined=examined, expected=expected[check], things="frames"
        )


def _frames_and_what_stands_for_them(ciphered: CipheredStream) -> Iterator[tuple[int, bytes]]:
    """Yield number and octets of each frame with what stands behind it, and of what is no frame.

    What precedes the first frame is not judged: the bench may have joined in mid frame.
    """
    before: FrameOctets | None = None
    begun = False
    for piece in ciphered.pieces:
        if isinstance(piece, Noise) and begun:
            if before is not None and len(piece.octets) < _LEAST_FRAME_OCTETS:
                yield before.number, before.octets + piece.octets
                before = None
                continue
            yield piece.number, piece.octets
        if before is not None:
            yield before.number, before.octets
        before = piece if isinstance(piece, FrameOctets) else None
        begun = begun or not isinstance(piece, Noise)
    if before is not None:
        yield before.number, before.octets


@case(
    Case(
        id="P1-A-111",
        version=1,
        interface="p1",
        title="Authentication of encrypted frames",
        purpose="Ensure that the tag of each frame fits its octets, the system title, the frame "
        "counter and the authentication key.",
        stimulus="Listen; open each frame with the encryption key.",
        criterion="AES-128-GCM with IV = system title, frame counter and associated data = 30, "
        "authentication key gives the twelve octets of the tag. A right CRC of the text under a "
        "wrong tag shows that the key is right and the authentication is not.",
        kind=Kind.VALID,
        clauses=(_CLAUSE,),
        ics=_ENCRYPTED,
        ixit=(_KEY,),
        detects=(
            "p1.enc-tag-flipped",
            "p1.enc-aad-without-security",
            "p1.enc-authentication-key-other",
        ),
    )
)
def test_tag(ciphered: CipheredStream, verify: Checks) -> None:
    """Nobody but the meter has made the frame."""
    expected = "the GCM tag over the frame, 12 octets"
    if not _key_fits(ciphered, verify, "tag", expected):
        return
    judged = [seen for seen in ciphered.sound_frames() if seen.frame.security == PROTECTED]
    wrong = [seen for seen in judged if seen.fit is not Fit.AUTHENTIC]
    verify.none_of(
        "tag",
        [Deviation(_tag_place(seen), expected, _WRONG_TAG[seen.fit]) for seen in wrong],
        examined=len(judged),
        expected=expected,
        things="frames",
    )
    if any(seen.fit is Fit.TEXT for seen in wrong):
        verify.note(
            "key",
            "the text decrypts and its CRC fits: the encryption key is right; the associated "
            "data or the authentication key differ from those of the meter",
        )


_WRONG_TAG = {
    Fit.TEXT: "another tag; the text decrypts and its CRC fits, so the key is right",
    Fit.START: "another tag; the text decrypts to a telegram whose CRC is wrong",
    Fit.NOTHING: "another tag, and no text under the key that opens other frames",
    Fit.CLOSED: "a frame that cannot be opened",
}


def _tag_place(seen: SeenFrame) -> Place:
    frame = seen.frame
    return Place(seen.number, frame.body_offset + len(frame.body), max(len(frame.tag), 1))


@case(
    Case(
        id="P1-A-112",
        version=1,
        interface="p1",
        title="Telegram within the frame",
        purpose="Ensure that each frame holds one telegram with its CRC, and nothing else.",
        stimulus="Listen; open each frame with the encryption key.",
        criterion="The plain text runs from '/' to the end of the CRC's line; the CRC-16 fits.",
        kind=Kind.VALID,
        clauses=("Luxmetering-1.1.3:3.2.2",),
        ics=_ENCRYPTED,
        ixit=(_KEY,),
        detects=("p1.enc-inner-crc", "p1.enc-inner-padding"),
    )
)
def test_plaintext(ciphered: CipheredStream, verify: Checks) -> None:
    """What was encrypted is what a plain port would have sent."""
    expected = "one telegram and nothing else"
    if not _key_fits(ciphered, verify, "telegram", expected):
        return
    open_fits = (Fit.AUTHENTIC, Fit.TEXT, Fit.START)
    opened = [seen for seen in ciphered.sound_frames() if seen.fit in open_fits]
    apart, crc = [], []
    for seen in opened:
        place = Place(seen.number, seen.frame.body_offset, max(len(seen.frame.body), 1))
        if seen.telegram is None:
            apart.append(Deviation(place, expected, "no telegram in the plain text"))
            continue
        if seen.apart:
            observed = f"{seen.apart} octets beside the telegram"
            apart.append(Deviation(place, expected, observed))
        if not seen.telegram.crc.ok:
            given = seen.telegram.crc.given or "nothing"
            wanted = f"CRC {seen.telegram.crc.computed}"
            crc.append(Deviation(place, wanted, f"{given} after the end mark"))
    verify.none_of(
        "telegram", apart, examined=len(opened), expected=expected, things="frames opened"
    )
    verify.none_of(
        "crc",
        crc,
        examined=len(opened),
        expected="the CRC-16 of the telegram",
        things="frames opened",
    )


def _key_fits(ciphered: CipheredStream, verify: Checks, check: str, expected: str) -> bool:
    """Whether some frame opens; otherwise the check is undecided, for a key that is not its own."""
    if ciphered.readable:
        return True
    verify.undecided(check, Reason.IXIT, expected=expected, observed=ciphered.why_closed())
    return False


@case(
    Case(
        id="P1-A-114",
        version=1,
        interface="p1",
        title="Security octet",
        purpose="Ensure that frames are authenticated and encrypted, or plain, and no less.",
        stimulus="Listen.",
        criterion="The octet after the length is 30 (authenticated and encrypted) or 00 (plain).",
        kind=Kind.VALID,
        clauses=(_CLAUSE,),
        ics=_ENCRYPTED,
        detects=("p1.enc-security-20", "p1.enc-security-10"),
    )
)
def test_security(ciphered: CipheredStream, verify: Checks) -> None:
    """No half measures."""
    expected = "30 (or 00 for plain)"
    known = [seen for seen in ciphered.frames if seen.frame.security is not None]
    verify.none_of(
        "security",
        [
            Deviation(
                Place(seen.number, seen.frame.body_offset - 5),
                expected,
                f"{seen.frame.security:02X}",
            )
            for seen in known
            if seen.frame.security not in (PROTECTED, PLAIN)
        ],
        examined=len(known),
        expected=expected,
        things="frames",
    )


@case(
    Case(
        id="P1-A-116",
        version=1,
        interface="p1",
        title="No telegram in clear",
        purpose="Ensure that a port whose encryption is on never sends a telegram that anybody "
        "can read.",
        stimulus="Listen.",
        criterion="No telegram on the line itself, and none in a frame that is not encrypted.",
        kind=Kind.VALID,
        clauses=(_CLAUSE,),
        ics=_ENCRYPTED,
        detects=("p1.enc-alternates-clear",),
    )
)
def test_no_clear_text(ciphered: CipheredStream, verify: Checks) -> None:
    """Encryption has no exceptions."""
    expected = "encrypted frames alone"
    leaks = [
        Deviation(Place(piece.number), expected, "a telegram in clear")
        for piece in ciphered.pieces
        if isinstance(piece, TelegramOctets)
        and (piece.complete or _HEADER_LINE.match(piece.octets))
    ]
    for seen in ciphered.frames:
        start = _HEADER_LINE.search(seen.frame.body)
        if start is not None and not seen.frame.encrypted:
            place = Place(seen.number, seen.frame.body_offset + start.start())
            leaks.append(Deviation(place, expected, "a telegram in clear within a frame"))
    verify.none_of(
        "clear-text",
        leaks,
        examined=ciphered.counted,
        expected=expected,
        things="frames and telegrams",
    )
