"""Faults of the encrypted frames of Luxembourg: catalogue rows P1-A-110 to P1-A-116."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bench.protocols.p1.ciphering import (
    AUTHENTICATED,
    COUNTER_END,
    ENCRYPTED,
    TAG_OCTETS,
    Envelope,
    encode_frame,
)
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_edit import bursts, digits, wire
from bench.simulator.ports.p1 import Sealing, Stage

_CLAUSE = "Luxmetering-1.1.3:3.2.5"
_ON = Alteration(Stage.ENCRYPTED, lambda _found, _index: True)
_DECLARED = {"P1/ENCRYPTED": True}


def _fault(
    name: str,
    summary: str,
    killers: tuple[str, ...],
    *alterations: Alteration,
    also: tuple[str, ...] = (),
    clause: str = _CLAUSE,
) -> Fault:
    return Fault(
        f"p1.enc-{name}",
        "p1",
        summary,
        clause,
        "lu",
        killers,
        also,
        (_ON, *alterations),
        _DECLARED,
    )


def _variation(name: str, summary: str, *alterations: Alteration) -> Variation:
    return Variation(f"p1.enc-{name}", "p1", summary, _CLAUSE, "lu", (_ON, *alterations), _DECLARED)


def envelope(edit: Callable[[Envelope], Envelope | bytes]) -> Alteration:
    """Change what the frame is made of, or the frame itself."""
    return Alteration(Stage.ENVELOPE, lambda found, _index: edit(found))


def counter(edit: Callable[[int], int]) -> Alteration:
    """Change the frame counter."""
    return Alteration(Stage.COUNTER, lambda found, _index: edit(found))


def _longer(octets: int) -> Alteration:
    """Write a length that is too great, or too small, by some octets."""
    return envelope(lambda found: replace(found, length=found.true_length + octets))


def _long_form(found: Envelope) -> bytes:
    octets = encode_frame(found)
    return octets[:10] + b"\x83\x00" + octets[11:]


def _clear_between(found: object, index: int) -> object:
    return found.plaintext if isinstance(found, Envelope) and index % 2 else found


def _last_digit(sealing: Sealing) -> bytes:
    return sealing.digits[:-1] + (b"0" if sealing.digits[-1:] != b"0" else b"1")


_LAYOUT = (
    _fault(
        "start-da",
        "starts its frames with DA",
        ("P1-A-110:start",),
        envelope(lambda found: replace(found, start=0xDA)),
    ),
    _fault(
        "title-empty",
        "announces a system title of no octets, so that nobody can decrypt its frames",
        ("P1-A-110:title",),
        envelope(lambda found: replace(found, sent_title=b"")),
    ),
    _fault(
        "length-long",
        "counts one octet in the length that does not come",
        ("P1-A-110:length",),
        _longer(1),
    ),
    _fault(
        "length-short",
        "counts one octet too few in the length",
        ("P1-A-110:length",),
        _longer(-1),
    ),
    _fault(
        "length-without-tag",
        "does not count the tag in the length",
        ("P1-A-110:length",),
        _longer(-TAG_OCTETS),
    ),
    _fault(
        "length-form",
        "writes lengths with a leading zero",
        ("P1-A-110:length-form",),
        envelope(_long_form),
    ),
)

_AUTHENTICATION = (
    _fault(
        "tag-flipped",
        "flips one bit of the tag",
        ("P1-A-111:tag",),
        envelope(lambda found: replace(found, tag_mask=bytes(TAG_OCTETS - 1) + b"\x01")),
    ),
    _fault(
        "aad-without-security",
        "leaves the security octet out of what is authenticated",
        ("P1-A-111:tag",),
        envelope(lambda found: replace(found, associated=found.authentication_key)),
    ),
    _fault(
        "authentication-key-other",
        "authenticates with another key than the published one",
        ("P1-A-111:tag",),
        envelope(lambda found: replace(found, authentication_key=bytes(range(16)))),
    ),
)

_PLAIN_TEXT = (
    _fault(
        "inner-crc",
        "encrypts a telegram whose CRC is wrong",
        ("P1-A-112:crc",),
        digits(_last_digit),
        # the telegram is judged as that of a plain port, too
        also=("P1-A-020:crc", "P1-A-024:every-telegram"),
        clause="Luxmetering-1.1.3:3.2.2",
    ),
    _fault(
        "inner-padding",
        "fills the plain text up with zeros to whole blocks",
        ("P1-A-112:telegram",),
        wire(lambda octets: octets + bytes(16 - len(octets) % 16)),
        clause="Luxmetering-1.1.3:3.2.2",
    ),
)

_COUNTER = (
    _fault(
        "counter-constant",
        "gives every frame the same counter",
        ("P1-A-113:step", "P1-A-113:unique"),
        counter(lambda _found: 7),
    ),
    _fault(
        "counter-by-two",
        "counts frames by two",
        ("P1-A-113:step",),
        counter(lambda found: 2 * found),
    ),
    _fault(
        "counter-wraps",
        "has a frame counter of eight bits",
        ("P1-A-113:step", "P1-A-113:unique"),
        counter(lambda found: found & 0xFF),
    ),
    _fault(
        "counter-restarts",
        "starts its counter again at 0 under the same key when it is used up",
        ("P1-A-115:silence",),
        counter(lambda found: found & COUNTER_END),
    ),
    _fault(
        "counter-ends-early",
        "falls silent one frame before its counters are used up",
        ("P1-A-115:last-frame",),
        counter(lambda found: found if found < COUNTER_END else found + 1),
    ),
)

_SECURITY = (
    _fault(
        "security-20",
        "encrypts its frames and does not authenticate them",
        ("P1-A-114:security",),
        envelope(lambda found: replace(found, security=ENCRYPTED)),
    ),
    _fault(
        "security-10",
        "authenticates its frames and does not encrypt them",
        ("P1-A-114:security",),
        envelope(lambda found: replace(found, security=AUTHENTICATED)),
        # what is not encrypted can be read by anybody
        also=("P1-A-116:clear-text",),
    ),
    _fault(
        "alternates-clear",
        "sends every second telegram in clear",
        ("P1-A-116:clear-text",),
        Alteration(Stage.ENVELOPE, _clear_between),
    ),
)

FAULTS: tuple[Fault, ...] = (*_LAYOUT, *_AUTHENTICATION, *_PLAIN_TEXT, *_COUNTER, *_SECURITY)


def _in_mid_frame(octets: object, index: int) -> object:
    """Leave out the first half of the first frame: the bench came in the middle of it."""
    if index or not isinstance(octets, Envelope):
        return octets
    whole = encode_frame(octets)
    return whole[len(whole) // 2 :]


def _within_header(octets: bytes) -> Sequence[int]:
    return [1, 1, 6, 4, 2, 3, len(octets) - 17]


VARIATIONS: tuple[Variation, ...] = (
    _variation("as-specified", "every telegram leaves in an encrypted frame"),
    _variation(
        "counter-high",
        "the counter is far on",
        counter(lambda found: found + 0x7FFF_FF00 if found < 0x7FFF_FF00 else found),
    ),
    _variation(
        "title-of-marks",
        "the system title holds octets that begin frames and telegrams",
        envelope(lambda found: replace(found, title=b"SAG\xdb\x08/!\n")),
    ),
    _variation(
        "starts-in-mid-frame",
        "the bench begins to listen in the middle of a frame",
        Alteration(Stage.ENVELOPE, _in_mid_frame),
    ),
    _variation("reads-of-one-octet", "octets arrive one by one", bursts(lambda o: [1] * len(o))),
    _variation(
        "reads-within-header", "reads end within the frame's header", bursts(_within_header)
    ),
    _variation("reads-of-whole-frames", "each frame arrives at once", bursts(lambda o: [len(o)])),
)
