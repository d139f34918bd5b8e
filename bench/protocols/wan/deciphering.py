"""Opens ciphered APDUs of a recording with the keys that are known; says what their tags say.

A recording does not say which key was used: each is tried with each system title that the sender
may have, and the authentication tag tells (IEC 62056-5-3 cl. 5.3; AES-GCM with 96 bits of it).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.ciphered import AgreedKey, GeneralCiphering, Protected, WrappedKey
from bench.protocols.dlms.decoded import Malformed
from bench.protocols.dlms.security.gcm import TITLE_OCTETS, unprotect
from bench.protocols.dlms.security.suite import SUITES
from bench.protocols.dlms.writer import encode_length
from bench.protocols.wan.layer import Tag


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key and what it is called; shows its name alone."""

    name: str
    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """What is known from elsewhere of the secrets in a recording; by default nothing."""

    encryption: tuple[NamedKey, ...] = ()
    authentication: tuple[NamedKey, ...] = ()
    dedicated: tuple[NamedKey, ...] = ()
    titles: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """The text, None where it stays closed, what is known of its protection, and how."""

    text: bytes | None
    tag: Tag
    how: str


def open_protected(
    protected: Protected,
    keys: Sequence[NamedKey],
    authentication: Sequence[NamedKey],
    titles: Iterable[bytes],
    starts: int | None = None,
    header: bytes = b"",
) -> Opened:
    """Return what `protected` holds, opened with the first key and title that fit.

    `starts` is the tag of the APDU that must come out; None: any. `header` are the octets of a
    general-ciphering APDU that may be authenticated as well.
    """
    control = protected.control
    if control.compressed:
        return Opened(None, Tag.NOT_CHECKED, "not opened: the text is compressed")
    if not (control.authenticated or control.encrypted):
        return Opened(protected.text, Tag.ABSENT, "not protected")
    candidates = [title for title in dict.fromkeys(titles) if len(title) == TITLE_OCTETS]
    suite = SUITES.get(control.suite)
    if suite is None:
        return Opened(None, Tag.NOT_CHECKED, f"not opened: there is no suite {control.suite}")
    size = suite.key_octets
    fitting = [key for key in keys if len(key.octets) == size]
    checking = [key for key in authentication if len(key.octets) == size]
    for title, key in product(candidates, fitting):
        if control.authenticated:
            # whether the header is authenticated is not told alike everywhere
            for other, more in product(checking, dict.fromkeys((b"", header))):
                text = unprotect(protected, title, key.octets, other.octets, more)
                if text is not None:
                    return Opened(text, Tag.GOOD, _how(key, title))
        else:
            text = unprotect(protected, title, key.octets, b"")
            if text is not None and _fits(text, starts):
                return Opened(text, Tag.ABSENT, _how(key, title))
    tried = bool(candidates and fitting and (checking or not control.authenticated))
    tag = Tag.WRONG if tried and control.authenticated else Tag.NOT_CHECKED
    if not control.encrypted:
        return Opened(protected.text, tag, "authenticated only, the text is in clear")
    if control.authenticated:
        found = _without_tag(protected, fitting, candidates, starts)
        if found is not None:
            why = "the authentication key is another" if tried else "no authentication key given"
            return replace(found, tag=tag, how=f"{found.how}: {why}")
    return Opened(None, tag, f"not opened: {_why(keys, fitting, candidates, size)}")


def session_keys(value: GeneralCiphering, keys: Sequence[NamedKey]) -> list[NamedKey] | None:
    """Return the keys that may have protected `value`, None where they were agreed on.

    A wrapped key (RFC 3394) is unwrapped with those of `keys` that fit.
    """
    info = value.key_info
    if isinstance(info, AgreedKey):
        return None
    if not isinstance(info, WrappedKey):
        return list(keys)
    found = []
    for key in keys:
        try:
            octets = aes_key_unwrap(key.octets, info.octets)
        except (InvalidUnwrap, ValueError):
            continue
        found.append(NamedKey(f"the key wrapped with {key.name}", octets))
    return found


def general_header(value: GeneralCiphering) -> bytes:
    """Return the five fields before the key info as they are on the wire."""
    fields = (
        value.transaction_id,
        value.originator,
        value.recipient,
        value.date_time,
        value.other_information,
    )
    return b"".join(encode_length(len(octets)) + octets for octets in fields)


def _without_tag(
    protected: Protected,
    keys: Sequence[NamedKey],
    titles: Sequence[bytes],
    starts: int | None,
) -> Opened | None:
    """Return the text although its tag could not be checked: encryption alone does not need it."""
    control = replace(protected.control, authenticated=False)
    bare = replace(protected, control=control, octets=protected.text)
    for title, key in product(titles, keys):
        text = unprotect(bare, title, key.octets, b"")
        if text is not None and _fits(text, starts):
            return Opened(text, Tag.WRONG, _how(key, title))
    return None


def _fits(text: bytes, starts: int | None) -> bool:
    """Say whether `text` is an APDU; noise under a wrong key hardly ever is."""
    if not text or (starts is not None and text[0] != starts):
        return False
    decoded = decode_apdu(text)
    return not isinstance(decoded.value, Malformed) and (starts is not None or not decoded.problems)


def _how(key: NamedKey, title: bytes) -> str:
    return f"deciphered with {key.name}, system title {title.hex(' ').upper()}"


def _why(
    keys: Sequence[NamedKey], fitting: Sequence[NamedKey], titles: Sequence[bytes], size: int
) -> str:
    if not keys:
        return "no key given"
    if not fitting:
        return f"no key of {size} octets given, as this suite has"
    if not titles:
        return "the system title of its sender is not known"
    return "none of the keys fits"
