"""Turns references into keys at run time; a key never reaches evidence, logs or messages.

`env:NAME` holds hexadecimal digits, `file:PATH` holds them or the bare octets, and `pkcs11:...`
names a key in a security module. A password stands there as it is. `simulated:p1/encryption` is a
key of the built-in device and opens nothing else.
"""

import hmac
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from adapters.base import LinkUrl
from bench.core.errors import UsageError
from bench.core.ics import KeyItem
from bench.engine.preparation import Preparation

KEY_OCTETS = 16
_SEPARATORS = re.compile(rb"[\s:-]")
_HEX = re.compile(rb"[0-9A-Fa-f]+")
_FILE_LIMIT = 4096  # octets; no key file is longer


class Secret:
    """Octets that show themselves to nobody but the caller of `reveal`.

    `reference` says where they came from, and is all that text made of the secret holds.
    """

    __slots__ = ("_octets", "reference")

    def __init__(self, octets: bytes, reference: str) -> None:
        self._octets = octets
        self.reference = reference

    def reveal(self) -> bytes:
        """Return the octets; they must go into a cipher and nowhere else."""
        return self._octets

    def __repr__(self) -> str:
        return f"<secret {self.reference}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._octets, other._octets)

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError(f"{self!r} cannot be pickled or copied")


def resolve_secret(
    reference: str, link: LinkUrl | None = None, *, octets: int = KEY_OCTETS
) -> Secret:
    """Return the key of `octets` octets that `reference` names.

    `link` is where the device is reached, which decides whether the simulator's key may be used.
    Raises UsageError that names the reference and what is wrong with it, never a value.
    """
    return _resolve(reference, link, KeyItem("", "", (octets,)))


def _resolve(reference: str, link: LinkUrl | None, item: KeyItem) -> Secret:
    scheme, _, place = reference.partition(":")
    if scheme == "env":
        return _from_environment(place, reference, item)
    if scheme == "file":
        return _from_file(Path(place).expanduser(), reference, item)
    if scheme == "pkcs11":
        raise UsageError(
            f"{_shown(reference)}: keys of a security module need the extra 'hsm', which is not "
            "installed; write env:NAME or file:PATH instead"
        )
    if scheme == "simulated":
        return _from_simulator(place, reference, link)
    # whatever stands here may be the key itself
    raise UsageError(
        "a key must be named by a reference, env:NAME or file:PATH; it is never written down itself"
    )


def declared_secret(preparation: Preparation, interface: str, name: str) -> Secret | None:
    """Return the key called `name` of an interface, None when the declaration names none.

    Raises UsageError when it names one that cannot be read.
    """
    reference = preparation.declaration.interfaces[interface].keys.get(name)
    if reference is None:
        return None
    target = preparation.target(interface)
    item = target.suite.proforma.keys.get(f"keys.{name}", KeyItem("", ""))
    try:
        return _resolve(reference, target.link, item)
    except UsageError as error:
        raise UsageError(f"[{interface}.keys] {name}: {error}") from None


def check_secrets(preparation: Preparation) -> None:
    """Raise UsageError for the first declared key that cannot be read, before anything is run."""
    for interface in preparation.ports:
        for name in preparation.declaration.interfaces[interface].keys:
            declared_secret(preparation, interface, name)


def _from_environment(name: str, reference: str, item: KeyItem) -> Secret:
    text = os.environ.get(name)
    if not text:
        raise UsageError(
            f"{reference}: the environment variable {name} is not set; set it to {_wanted(item)}"
        )
    octets = os.fsencode(text)
    return Secret(octets if item.text else _digits(octets, reference, item), reference)


def _from_file(path: Path, reference: str, item: KeyItem) -> Secret:
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_LIMIT)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such name can exist"
        raise UsageError(f"{reference}: cannot be read: {why}") from None
    if item.text:
        content = content.rstrip(b"\r\n")
        if not content:
            raise UsageError(f"{reference}: is empty; write {_wanted(item)} into it")
        return Secret(content, reference)
    plain = _SEPARATORS.sub(b"", content)
    written_out = _HEX.fullmatch(plain) and len(plain) in [2 * octets for octets in item.octets]
    if len(content) in item.octets and not written_out:
        return Secret(content, reference)
    return Secret(_digits(content, reference, item), reference)


def _digits(text: bytes, reference: str, item: KeyItem) -> bytes:
    plain = _SEPARATORS.sub(b"", text)
    if _HEX.fullmatch(plain) is None:
        raise UsageError(f"{reference}: holds something else than {_wanted(item)}") from None
    if len(plain) not in [2 * octets for octets in item.octets]:
        wanted = _wanted(item).removesuffix(" hexadecimal digits")
        raise UsageError(
            f"{reference}: holds {len(plain)} hexadecimal digits where {wanted} are needed"
        )
    return bytes.fromhex(plain.decode("ascii"))


def _wanted(item: KeyItem) -> str:
    if item.text:
        return "the password as it is"
    return " or ".join(str(2 * octets) for octets in item.octets) + " hexadecimal digits"


def _from_simulator(place: str, reference: str, link: LinkUrl | None) -> Secret:
    # what the built-in device sent can be replayed and is judged with its keys
    if link is None or link.scheme not in ("simulated", "replay"):
        raise UsageError(
            f"{reference}: this is the key of the built-in device, and the link leads elsewhere; "
            "write env:NAME or file:PATH"
        )
    interface, _, name = place.partition("/")
    secrets = _SIMULATED.get(interface)
    seed = link.options.get("seed", "")
    found = secrets(name, int(seed) if seed.isdecimal() else None) if secrets else None
    if found is None:
        raise UsageError(
            f"{reference}: there is no such key (there is for example: simulated:p1/encryption)"
        )
    return Secret(found, reference)


def _p1_secret(name: str, seed: int | None) -> bytes | None:
    from bench.simulator.ports.p1 import DEFAULT_SEED
    from bench.simulator.ports.p1_encryption import encryption_key

    if name != "encryption":
        return None
    return encryption_key(DEFAULT_SEED if seed is None else seed)


def _wan_secret(name: str, seed: int | None) -> bytes | None:
    """Return a secret of the simulated WAN port; of the meter's own key pairs the public key."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from bench.simulator.ports.p1 import DEFAULT_SEED
    from bench.simulator.wan.keys import wan_secret

    try:
        found = wan_secret(DEFAULT_SEED if seed is None else seed, name)
    except UsageError:
        return None
    if not name.startswith("meter_"):
        return found
    curve = ec.SECP384R1() if name.endswith("_p384") else ec.SECP256R1()
    public = ec.derive_private_key(int.from_bytes(found, "big"), curve).public_key()
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


_SIMULATED: dict[str, Callable[[str, int | None], bytes | None]] = {
    "p1": _p1_secret,
    "wan": _wan_secret,
}


def _shown(reference: str) -> str:
    """Return a reference without what a PKCS #11 URI may carry beside the name of the key."""
    return reference.partition("?")[0]
