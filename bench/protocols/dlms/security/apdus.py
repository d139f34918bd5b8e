"""Whole APDUs into ciphered APDUs and back: which tag protects which, and under which key.

    glo  ded      the tag tells the service (0x20, 0x40 or 8, 0x10 above its plain tag)
    general-glo   DB, any APDU, global key, the sender's system title before it
    general-ded   DC, any APDU, dedicated key, the sender's system title before it

general-ciphering and general-signing, which carry their own header, have modules of their own.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from struct import Struct
from struct import error as StructError

from bench.core.errors import UsageError
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.ciphered import (
    CIPHERED_NAMES,
    TAG_OCTETS,
    CipheredApdu,
    GeneralDedCiphering,
    GeneralGloCiphering,
    Protected,
    SecurityControl,
)
from bench.protocols.dlms.security.gcm import TITLE_OCTETS, protect, unprotect
from bench.protocols.dlms.security.keys import SymmetricKeys
from bench.protocols.dlms.writer import encode_length

GENERAL_GLO = 0xDB
GENERAL_DED = 0xDC
_HEADER_OCTETS = 5
_HEAD = Struct(">BI")


class Ciphering(StrEnum):
    """How an APDU is wrapped for its protection."""

    GLO = "glo"
    DED = "ded"
    GENERAL_GLO = "general-glo"
    GENERAL_DED = "general-ded"

    @property
    def dedicated(self) -> bool:
        """Whether it is the dedicated key that protects."""
        return self is Ciphering.DED or self is Ciphering.GENERAL_DED


def _plain(ciphered: int) -> int:
    """Return the plain tag; of glo- and ded- alike."""
    is_glo = CIPHERED_NAMES[ciphered].startswith("glo-")
    if ciphered < 0xC0:
        return ciphered - (0x20 if is_glo else 0x40)
    return ciphered - (0x08 if is_glo else 0x10)


_GLO_OF = {_plain(t): t for t, name in CIPHERED_NAMES.items() if name.startswith("glo-")}
_DED_OF = {_plain(t): t for t, name in CIPHERED_NAMES.items() if name.startswith("ded-")}
_PLAIN_OF = {tag: _plain(tag) for tag in CIPHERED_NAMES}
_HOW = {
    GENERAL_GLO: Ciphering.GENERAL_GLO,
    GENERAL_DED: Ciphering.GENERAL_DED,
    **dict.fromkeys(_GLO_OF.values(), Ciphering.GLO),
    **dict.fromkeys(_DED_OF.values(), Ciphering.DED),
}
_CONTROLS = tuple(SecurityControl.of(octet) for octet in range(256))


def glo_tag(plain: int) -> int | None:
    """Return the tag under the global key; None: only the general APDUs can protect it."""
    return _GLO_OF.get(plain)


def ded_tag(plain: int) -> int | None:
    """Return the tag under the dedicated key; None: only the general APDUs can protect it."""
    return _DED_OF.get(plain)


def plain_tag(ciphered: int) -> int | None:
    """Return the tag of the APDU within; None if `ciphered` is no glo- or ded- tag."""
    return _PLAIN_OF.get(ciphered)


def how_of(tag: int) -> Ciphering | None:
    """Return how an APDU with this tag is wrapped, None if it is none of the four ways."""
    return _HOW.get(tag)


def key_for(how: Ciphering, control: SecurityControl, keys: SymmetricKeys) -> bytes:
    """Return the key that `how` and the key set of `control` tell; empty if there is none."""
    if how is Ciphering.DED or how is Ciphering.GENERAL_DED:
        return keys.dedicated
    return keys.broadcast if control.broadcast else keys.encryption


def protect_apdu(
    octets: bytes,
    how: Ciphering,
    *,
    control: SecurityControl,
    title: bytes,
    counter: int,
    keys: SymmetricKeys,
) -> bytes:
    """Return the ciphered APDU of a plain one; `title` and `counter` are the sender's.

    UsageError if `how` has no tag for it, and as `gcm.protect` does.
    """
    start = _start(octets, how, title)
    key = key_for(how, control, keys)
    protected = protect(control, title, counter, key, keys.authentication, octets)
    return start + encode_protected(protected)


def encode_protected(protected: Protected) -> bytes:
    """Return length, security control, invocation counter and content.

    UsageError if the counter does not fit in 32 bits.
    """
    octets = protected.octets
    length = encode_length(_HEADER_OCTETS + len(octets))
    try:
        head = _HEAD.pack(protected.control.octet, protected.invocation_counter)
    except StructError:
        counter = protected.invocation_counter
        raise UsageError(f"invocation counter {counter} is no number of 32 bits") from None
    return length + head + octets


def _start(octets: bytes, how: Ciphering, title: bytes) -> bytes:
    """Return the tag, and the system title where it is sent."""
    if how is Ciphering.GENERAL_GLO:
        return b"\xdb\x08" + title
    if how is Ciphering.GENERAL_DED:
        return b"\xdc\x08" + title
    tags = _GLO_OF if how is Ciphering.GLO else _DED_OF
    tag = tags.get(octets[0]) if octets else None
    if tag is None:
        what = f"the APDU {octets[0]:02X}" if octets else "no octets"
        raise UsageError(f"no {how}- APDU protects {what}; general-{how} protects any")
    return bytes((tag,))


@dataclass(frozen=True, slots=True)
class Opened:
    """What was in a ciphered APDU, and how it was protected; repr() does not show the content."""

    apdu: bytes = field(repr=False)
    how: Ciphering
    control: SecurityControl
    invocation_counter: int
    title: bytes
    """The system title that was used for the nonce: that of the APDU where it carries one."""
    tag: int
    """The tag of the ciphered APDU."""

    @property
    def agrees(self) -> bool:
        """Whether the APDU is of the service that the tag of a glo- or ded- APDU announces."""
        expected = plain_tag(self.tag)
        return expected is None or self.apdu[:1] == bytes((expected,))


CipheredRecord = CipheredApdu | GeneralGloCiphering | GeneralDedCiphering


def unprotect_apdu(octets: bytes, title: bytes, keys: SymmetricKeys) -> Opened | None:
    """Return the plain APDU; None if `octets` are no such APDU or the tag is wrong or missing.

    `title` is the system title of the sender as the association knows it; the general APDUs are
    opened with the title that they carry, which the caller compares. A length that is written in
    more octets than needed is no obstacle: the decoder tells it. Never raises.
    """
    value = _parsed(octets)
    if value is not None:
        return unprotect_record(value, title, keys)
    decoded = decode_apdu(octets)
    value = decoded.value
    if not isinstance(value, CipheredRecord) or any(
        problem.code != "length-form" for problem in decoded.problems
    ):
        return None
    return unprotect_record(value, title, keys)


def _parsed(octets: bytes) -> CipheredRecord | None:
    """Return the record of an APDU that is as usual; all others are left to the decoder.

    As usual: a title of 8 octets, lengths in up to three octets that end with the APDU.
    """
    tag, at = octets[:1], 1
    if tag == b"\xdb" or tag == b"\xdc":
        at = 2 + TITLE_OCTETS
        if octets[1:2] != b"\x08":
            return None
    elif not tag or tag[0] not in _PLAIN_OF:
        return None
    size = len(octets)
    if size < at + 1 + 2 + _HEADER_OCTETS:
        return None
    length = octets[at]
    if length == 0x81:
        length, at = octets[at + 1], at + 2
    elif length == 0x82:
        length, at = octets[at + 1] << 8 | octets[at + 2], at + 3
    else:
        at += 1
    if at + length != size or length < _HEADER_OCTETS:
        return None
    control = _CONTROLS[octets[at]]
    content = at + _HEADER_OCTETS
    if control.authenticated and size - content < TAG_OCTETS:
        return None
    counter = int.from_bytes(octets[at + 1 : content], "big")
    protected = Protected(control, counter, octets[content:])
    if tag == b"\xdb":
        return GeneralGloCiphering(octets[2:10], protected)
    if tag == b"\xdc":
        return GeneralDedCiphering(octets[2:10], protected)
    return CipheredApdu(tag[0], protected)


def unprotect_record(value: CipheredRecord, title: bytes, keys: SymmetricKeys) -> Opened | None:
    """Do what `unprotect_apdu` does with the decoded APDU."""
    if isinstance(value, CipheredApdu):
        tag = value.apdu_tag
    else:
        tag = GENERAL_GLO if isinstance(value, GeneralGloCiphering) else GENERAL_DED
        title = value.system_title
    how = how_of(tag)
    if how is None:
        return None
    protected = value.protected
    control = protected.control
    text = unprotect(protected, title, key_for(how, control, keys), keys.authentication)
    if text is None:
        return None
    return Opened(text, how, control, protected.invocation_counter, title, tag)
