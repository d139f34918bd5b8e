"""Deciphers what came, and verifies its authentication tag as carefully as the meter does."""

from dataclasses import replace
from hmac import compare_digest

from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.ciphered import TAG_OCTETS, Protected, SecurityControl
from bench.protocols.dlms.security.gcm import protect, unprotect
from bench.simulator.wan.key_ring import KeyRing

_CARELESS = frozenset({"tag-unchecked", "tag-truncated-compare", "tag-short", "aad-missing-sc"})
_COMPARED = 4  # octets that a careless meter compares
_SHORT = (TAG_OCTETS - 1, 0)  # octets of a tag that a careless meter takes for whole


def opened_text(
    protected: Protected,
    title: bytes,
    key: bytes,
    ring: KeyRing,
    expected_tag: int | None,
    breaks: frozenset[str],
) -> bytes | None:
    """Return the deciphered octets, None if they are not authentic."""
    text = unprotect(protected, title, key, ring.keys.authentication)
    if text is not None or breaks.isdisjoint(_CARELESS) or len(title) != 8:
        return text
    control = protected.control
    if "aad-missing-sc" in breaks:
        usual = SecurityControl(ring.suite.number, authenticated=True, encrypted=True)
        return unprotect(replace(protected, control=usual), title, key, ring.keys.authentication)
    if "tag-short" in breaks:
        for size in _SHORT:
            found = _with_tag(protected, size, size, title, key, ring)
            if found is not None and _is_whole(found, expected_tag):
                return found
        return None
    compared = 0 if "tag-unchecked" in breaks else _COMPARED
    if not control.authenticated:
        return None
    return _with_tag(protected, TAG_OCTETS, compared, title, key, ring)


def _is_whole(text: bytes, expected_tag: int | None) -> bool:
    """Whether octets are one request and nothing after it."""
    return text[:1] == bytes((expected_tag or 0,)) and not decode_apdu(text).problems


def _with_tag(
    protected: Protected, size: int, compared: int, title: bytes, key: bytes, ring: KeyRing
) -> bytes | None:
    """Return the text of octets that end in a tag of `size` octets, the first of which count."""
    control, counter = protected.control, protected.invocation_counter
    octets = protected.octets
    if len(octets) < size:
        return None
    body, tag = octets[: len(octets) - size], octets[len(octets) - size :]
    untagged = replace(control, authenticated=False)
    text = unprotect(Protected(untagged, counter, body), title, key, b"")
    if text is None:
        return None
    right = protect(control, title, counter, key, ring.keys.authentication, text).tag
    return text if compare_digest(right[:compared], tag[:compared]) else None
