"""Frames of the encrypted P1 port of Luxembourg (Luxmetering E-Meter P1 1.1.3, §3.2.5).

    DB | 08 | system title[8] | length | 30 | frame counter[4] | ciphertext | tag[12]

The length counts what follows it and is written in DER: one octet below 128, otherwise 82 and two
octets. AES-128-GCM with IV = system title, frame counter and AAD = security octet, authentication
key. `decode_frame` never raises for what is in the octets; `encode_frame` builds wrong frames too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.core.errors import UsageError
from bench.core.trace import Field, Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import GCM

START = 0xDB  # general-glo-ciphering
TITLE_OCTETS = 8
COUNTER_OCTETS = 4
TAG_OCTETS = 12
KEY_OCTETS = 16
COUNTER_END = 0xFFFFFFFF  # the last frame counter; nothing may follow it under the same key

AUTHENTICATED = 0x10
ENCRYPTED = 0x20
PLAIN = 0x00
PROTECTED = AUTHENTICATED | ENCRYPTED

#: the same for all meters and published with the specification: it protects nothing by itself
PUBLISHED_AUTHENTICATION_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")

_CLAUSE = "Luxmetering-1.1.3:3.2.5"


@dataclass(frozen=True, slots=True)
class CipheredFrame:
    """What stands in a frame, as far as it could be read, with every problem of its layout.

    `declared` is the length that the frame gives for what follows it, `present` how many octets
    do follow. `security` and `counter` are None when the frame ends before them. `body` is what
    stands between the counter and the tag; `tag` is empty where the security octet announces none.
    """

    octets: bytes
    title: bytes
    declared: int | None
    present: int
    security: int | None
    counter: int | None
    body: bytes
    body_offset: int
    tag: bytes
    problems: tuple[Problem, ...]

    @property
    def encrypted(self) -> bool:
        """Whether the security octet says that the body is encrypted."""
        return bool((self.security or 0) & ENCRYPTED)

    @property
    def authenticated(self) -> bool:
        """Whether the security octet says that a tag follows the body."""
        return bool((self.security or 0) & AUTHENTICATED)

    def fields(self) -> tuple[Field, ...]:
        """Return the annotated octets of the frame, in their order."""
        found = _parts(self)
        notes: dict[int, list[str]] = {}
        for problem in self.problems:
            holding = [i for i, part in enumerate(found) if part.offset <= problem.offset]
            notes.setdefault(holding[-1] if holding else 0, []).append(problem.message)
        return tuple(
            Field(part.path, part.offset, part.length, part.text, "; ".join(notes.get(i, ())))
            for i, part in enumerate(found)
        )


def decode_frame(octets: bytes) -> CipheredFrame:
    """Take a frame apart, from its first octet to the last that is held to belong to it."""
    problems: list[Problem] = []

    def problem(code: str, offset: int, message: str, length: int = 1) -> None:
        if code == "short" and any(found.code == code for found in problems):
            return  # what is missing is said once, where the octets end
        problems.append(Problem(offset, message, code, _CLAUSE, None, length))

    if octets[:1] != bytes([START]):
        seen = f"{octets[0]:02X}" if octets else "nothing"
        problem("start", 0, f"the frame starts with {seen}, not with DB")
    announced = octets[1] if len(octets) > 1 else 0
    if announced != TITLE_OCTETS:
        problem("title", 1, f"the system title is announced with {announced} octets, not 8")
    title = octets[2 : 2 + announced]
    if len(title) < announced:
        problem("short", len(octets), "the frame ends within the system title")
    at = 2 + len(title)
    declared, after = _length(octets, at, problem)
    present = len(octets) - after
    if declared is not None and declared != present:
        problem(
            "length",
            at,
            f"the length says {declared} octets, {present} follow it",
            max(after - at, 1),
        )
    return _content(octets, title, declared, after, problems)


def _length(octets: bytes, at: int, problem: Callable[..., None]) -> tuple[int | None, int]:
    """Return the length written at `at`, None if it is none, and the offset behind it."""
    if at >= len(octets):
        problem("short", len(octets), "the frame ends before its length")
        return None, len(octets)
    first = octets[at]
    if first < 0x80:
        return first, at + 1
    count = first - 0x80
    if count == 0:
        problem("length-form", at, "an indefinite length (80) is not DER")
        return None, at + 1
    digits = octets[at + 1 : at + 1 + count]
    after = at + 1 + len(digits)
    if len(digits) < count:
        problem("short", len(octets), "the frame ends within its length")
        return None, after
    value = int.from_bytes(digits, "big")
    # the specification writes 82 hi lo from 128 on, where DER writes 81 up to 255: both are taken
    least = 0x80 if count <= 2 else 1 << 8 * (count - 1)
    if value < least:
        problem("length-form", at, f"{value} is not written in the shortest form", 1 + count)
    return value, after


def _content(
    octets: bytes, title: bytes, declared: int | None, after: int, problems: list[Problem]
) -> CipheredFrame:
    content = octets[after : after + declared] if declared is not None else octets[after:]
    security = content[0] if content else None
    counter_octets = content[1 : 1 + COUNTER_OCTETS]
    counter = (
        int.from_bytes(counter_octets, "big") if len(counter_octets) == COUNTER_OCTETS else None
    )
    body = content[1 + COUNTER_OCTETS :]
    tag = b""
    least = 1 + COUNTER_OCTETS
    if security is not None:
        if security not in (PLAIN, PROTECTED):
            message = f"the security octet is {security:02X}, not 30 (or 00 for plain)"
            problems.append(Problem(after, message, "security", _CLAUSE))
        if security & AUTHENTICATED:
            least += TAG_OCTETS
            body, tag = body[:-TAG_OCTETS], body[-TAG_OCTETS:]
    if len(content) < least and not any(found.code == "short" for found in problems):
        message = f"{len(content)} octets after the length cannot hold counter and tag"
        problems.append(Problem(after, message, "short", _CLAUSE))
    return CipheredFrame(
        octets=octets,
        title=title,
        declared=declared,
        present=len(octets) - after,
        security=security,
        counter=counter,
        body=body,
        body_offset=after + 1 + COUNTER_OCTETS,
        tag=tag,
        problems=tuple(problems),
    )


def _parts(frame: CipheredFrame) -> list[Field]:
    octets, title = frame.octets, frame.title
    shown = title.hex(" ").upper()
    length_at = 2 + len(title)
    after = frame.body_offset - 1 - COUNTER_OCTETS
    declared = "unreadable" if frame.declared is None else f"{frame.declared} octets follow"
    security = "" if frame.security is None else _SECURITY.get(frame.security, "not defined")
    counter = "" if frame.counter is None else str(frame.counter)
    body = "ciphertext" if frame.encrypted else "plain text"
    end = frame.body_offset + len(frame.body)
    spans = (
        ("start", 0, 1, "general-glo-ciphering" if octets[:1] == bytes([START]) else "unknown"),
        ("title length", 1, 1, str(octets[1]) if len(octets) > 1 else ""),
        ("system title", 2, len(title), shown),
        ("length", length_at, after - length_at, declared),
        ("security", after, 1, security),
        ("frame counter", after + 1, COUNTER_OCTETS, counter),
        (body, frame.body_offset, len(frame.body), f"{len(frame.body)} octets"),
        ("tag", end, len(frame.tag), frame.tag.hex(" ").upper()),
        ("beyond the length", end + len(frame.tag), len(octets), "belongs to no field"),
    )
    return [
        Field(path, at, min(length, len(octets) - at), text)
        for path, at, length, text in spans
        if length > 0 and at < len(octets)
    ]


_SECURITY = {
    PLAIN: "plain",
    AUTHENTICATED: "authenticated, not encrypted",
    ENCRYPTED: "encrypted, not authenticated",
    PROTECTED: "authenticated and encrypted",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A frame that was opened with some key; whether it was the right one is not said.

    `authentic` says whether the tag fits, None where the frame has none. The plain text is what
    the key stream gives in either case, so that a right key with a wrong authentication key can be
    told from a wrong key.
    """

    plaintext: bytes
    authentic: bool | None


def open_frame(
    frame: CipheredFrame,
    key: bytes,
    authentication_key: bytes = PUBLISHED_AUTHENTICATION_KEY,
) -> Opened | None:
    """Return the plain text of a frame; None when it lacks what the initialisation vector is of.

    Raises UsageError for keys that are not 16 octets long.
    """
    _check_keys(key, authentication_key)
    if frame.security is None or frame.counter is None or len(frame.title) != TITLE_OCTETS:
        return None
    iv = frame.title + frame.counter.to_bytes(COUNTER_OCTETS, "big")
    associated = bytes([frame.security]) + authentication_key
    if not frame.encrypted:
        authentic = None
        if frame.authenticated:
            # without encryption the text itself is only authenticated (GMAC)
            _, right = _seal(iv, associated + frame.body, b"", key)
            authentic = right == frame.tag
        return Opened(frame.body, authentic)
    if len(frame.tag) != TAG_OCTETS:
        plaintext = _cipher(iv, key).decryptor().update(frame.body)
        return Opened(plaintext, False if frame.authenticated else None)
    from cryptography.exceptions import InvalidTag

    decryptor = _cipher(iv, key, frame.tag).decryptor()
    decryptor.authenticate_additional_data(associated)
    plaintext = decryptor.update(frame.body)
    try:
        decryptor.finalize()
    except InvalidTag:
        return Opened(plaintext, False)
    return Opened(plaintext, True)


@dataclass(frozen=True, slots=True)
class Envelope:
    """All that a frame is made of; what is None is made as it must be.

    `sent_title` is the title as written where it differs from the one in the initialisation
    vector, `title_octets` and `length` are written in place of the true ones, `associated` is
    authenticated in place of security octet and authentication key, `tag_mask` is put over
    the tag by exclusive or, `after` follows the frame.
    """

    plaintext: bytes
    title: bytes
    counter: int
    key: bytes = field(repr=False)
    authentication_key: bytes = field(default=PUBLISHED_AUTHENTICATION_KEY, repr=False)
    start: int = START
    security: int = PROTECTED
    sent_title: bytes | None = None
    title_octets: int | None = None
    length: int | None = None
    associated: bytes | None = field(default=None, repr=False)
    tag_mask: bytes = bytes(TAG_OCTETS)
    after: bytes = b""

    @property
    def true_length(self) -> int:
        """How many octets follow the length."""
        tag = TAG_OCTETS if self.security & AUTHENTICATED else 0
        return 1 + COUNTER_OCTETS + len(self.plaintext) + tag


def encode_frame(envelope: Envelope) -> bytes:
    """Return the octets of a frame, right or as wrong as `envelope` asks for.

    Raises UsageError for keys that are not 16 octets long, or a counter beyond four octets.
    """
    _check_keys(envelope.key, envelope.authentication_key)
    if not 0 <= envelope.counter <= COUNTER_END:
        raise UsageError(f"frame counter {envelope.counter} does not fit four octets")
    counter = envelope.counter.to_bytes(COUNTER_OCTETS, "big")
    security = bytes([envelope.security])
    body, tag = _protected(envelope, counter)
    title = envelope.title if envelope.sent_title is None else envelope.sent_title
    announced = len(title) if envelope.title_octets is None else envelope.title_octets
    length = envelope.true_length if envelope.length is None else envelope.length
    return b"".join(
        (
            bytes([envelope.start, announced]),
            title,
            encode_length(length),
            security,
            counter,
            body,
            bytes(a ^ b for a, b in zip(tag, envelope.tag_mask, strict=False)),
            envelope.after,
        )
    )


def encode_length(length: int) -> bytes:
    """Return a length as the specification writes it: one octet below 128, else 82 and two.

    Raises UsageError for what two octets cannot hold.
    """
    if not 0 <= length <= 0xFFFF:
        raise UsageError(f"a frame cannot have a length of {length}")
    return bytes([length]) if length < 0x80 else b"\x82" + length.to_bytes(2, "big")


def _protected(envelope: Envelope, counter: bytes) -> tuple[bytes, bytes]:
    """Return body and tag as the security octet asks for."""
    iv = envelope.title + counter
    associated = envelope.associated
    if associated is None:
        associated = bytes([envelope.security]) + envelope.authentication_key
    wanted = envelope.security & PROTECTED
    if wanted == PLAIN:
        return envelope.plaintext, b""
    if wanted == AUTHENTICATED:
        return envelope.plaintext, _seal(iv, associated + envelope.plaintext, b"", envelope.key)[1]
    body, tag = _seal(iv, associated, envelope.plaintext, envelope.key)
    return body, tag if wanted == PROTECTED else b""


def _seal(iv: bytes, associated: bytes, plaintext: bytes, key: bytes) -> tuple[bytes, bytes]:
    encryptor = _cipher(iv, key).encryptor()
    encryptor.authenticate_additional_data(associated)
    body = encryptor.update(plaintext) + encryptor.finalize()
    return body, encryptor.tag[:TAG_OCTETS]


def _cipher(iv: bytes, key: bytes, tag: bytes | None = None) -> "Cipher[GCM]":
    # imported here: it is slow to load, and only encrypted ports need it
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import GCM

    return Cipher(AES(key), GCM(iv, tag, min_tag_length=TAG_OCTETS))


def _check_keys(*keys: bytes) -> None:
    for key in keys:
        if len(key) != KEY_OCTETS:
            raise UsageError(f"a key must have 16 octets, this one has {len(key)}")
