"""AES-GCM with the nonce, the authenticated data and the short tags of DLMS/COSEM.

The nonce is the sender's system title and the invocation counter. Authenticated are the security
control octet and the authentication key, then the header of general-ciphering where there is one
(`header`), then the text if it is not encrypted (IEC 62056-5-3 §5.3.7.2; NIST SP 800-38D).

    protection               on the wire             authenticated
    none                     text
    authentication           text, tag               SC || AK || header || text
    encryption               ciphertext
    both                     ciphertext, tag         SC || AK || header

Making a ciphertext and verifying a tag of 12 octets is both done with the cipher that is kept for
the key: as GCM encrypts by XOR with a key stream, encrypting twice tells text and tag of a message
in a fifth of the time that a decryption context with a shortened tag takes to be set up.
"""

from functools import lru_cache
from hmac import compare_digest

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.core.errors import UsageError
from bench.protocols.dlms.ciphered import TAG_OCTETS, Protected, SecurityControl

TITLE_OCTETS = 8
_KEY_OCTETS = (16, 32)
_HIGHEST = 0xFFFFFFFF
_FULL_TAG_OCTETS = 16
_CUT = TAG_OCTETS - _FULL_TAG_OCTETS
_OCTETS = tuple(bytes((octet,)) for octet in range(256))


@lru_cache(maxsize=256)
def _cipher(key: bytes) -> AESGCM | None:
    """Return the cipher of a key, None if no suite has keys of this length."""
    return AESGCM(key) if len(key) in _KEY_OCTETS else None


def protect(
    control: SecurityControl,
    title: bytes,
    counter: int,
    key: bytes,
    authentication_key: bytes,
    text: bytes,
    header: bytes = b"",
) -> Protected:
    """Return `text` protected as `control` says; `title` and `counter` are the sender's.

    The bits for the key set and for compression are written and authenticated, without meaning
    here: the caller chooses the key, and compresses. UsageError if the key has neither 16 nor 32
    octets, the title not 8, or the counter does not fit in 32 bits.
    """
    cipher = _cipher(key)
    if cipher is None or len(title) != TITLE_OCTETS or not 0 <= counter <= _HIGHEST:
        raise _misuse(title, counter, key)
    nonce = title + counter.to_bytes(4, "big")
    if control.encrypted:
        if control.authenticated:
            associated = _OCTETS[control.octet] + authentication_key + header
            octets = cipher.encrypt(nonce, text, associated)[:_CUT]
        else:
            octets = cipher.encrypt(nonce, text, None)[:-_FULL_TAG_OCTETS]
    elif control.authenticated:
        associated = _OCTETS[control.octet] + authentication_key + header + text
        octets = text + cipher.encrypt(nonce, b"", associated)[:TAG_OCTETS]
    else:
        octets = text
    return Protected(control, counter, octets)


def unprotect(
    protected: Protected,
    title: bytes,
    key: bytes,
    authentication_key: bytes,
    header: bytes = b"",
) -> bytes | None:
    """Return the text; None if the tag is wrong or missing, or no such key or title can be.

    What is not authenticated is returned as it comes, so the caller asks `protected.control`
    whether that is enough. Keys and titles may come from a device: no value of them raises.
    """
    cipher = _cipher(key)
    if cipher is None or len(title) != TITLE_OCTETS:
        return None
    control, octets = protected.control, protected.octets
    nonce = title + protected.invocation_counter.to_bytes(4, "big")
    if not control.authenticated:
        if not control.encrypted:
            return octets
        return cipher.encrypt(nonce, octets, None)[:-_FULL_TAG_OCTETS]
    if len(octets) < TAG_OCTETS:
        return None
    associated = _OCTETS[control.octet] + authentication_key + header
    body, tag = octets[:-TAG_OCTETS], octets[-TAG_OCTETS:]
    if control.encrypted:
        text = cipher.encrypt(nonce, body, None)[:-_FULL_TAG_OCTETS]
        made = cipher.encrypt(nonce, text, associated)[-_FULL_TAG_OCTETS:_CUT]
    else:
        text = body
        made = cipher.encrypt(nonce, b"", associated + text)[:TAG_OCTETS]
    return text if compare_digest(made, tag) else None


def gmac(
    control: SecurityControl,
    title: bytes,
    counter: int,
    key: bytes,
    authentication_key: bytes,
    text: bytes,
    header: bytes = b"",
) -> bytes:
    """Return the 12 octets that authenticate `text` which is not encrypted; raises as `protect`."""
    cipher = _cipher(key)
    if cipher is None or len(title) != TITLE_OCTETS or not 0 <= counter <= _HIGHEST:
        raise _misuse(title, counter, key)
    nonce = title + counter.to_bytes(4, "big")
    associated = _OCTETS[control.octet] + authentication_key + header + text
    return cipher.encrypt(nonce, b"", associated)[:TAG_OCTETS]


def is_gcm_key(key: bytes) -> bool:
    """Return whether `key` has the length of a key of some suite."""
    return len(key) in _KEY_OCTETS


def _misuse(title: bytes, counter: int, key: bytes) -> UsageError:
    """Return what is wrong; the key is told by its length alone."""
    if len(key) not in _KEY_OCTETS:
        return UsageError(f"a key of {len(key)} octets is none of AES-GCM-128 (16) or -256 (32)")
    if len(title) != TITLE_OCTETS:
        return UsageError(f"a system title has 8 octets, not {len(title)}")
    return UsageError(f"invocation counter {counter} is no number of 32 bits")
