"""device.toml: what the device is, what it claims, and how the bench reaches it.

All mistakes are reported at once, each with its line, its path and what to write instead. Keys and
passwords are references (`env:NAME`, `file:PATH`, `pkcs11:...`): a value in their place is refused
and never repeated in the message. `simulated:p1/encryption` is the built-in device's own key.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bench.core.errors import DeclarationError, Mistake
from bench.core.ics import Proforma

INTERFACES = ("wan", "han", "p1", "s1", "mep")
_REFERENCE = re.compile(r"env:[A-Za-z_]\w*|file:.+|pkcs11:.+|simulated:\w+/\w+")


def _reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise ValueError("a key must be a reference, never the key itself")
    if "pin-value=" in text:
        raise ValueError("a reference must not hold the PIN itself (pin-value)")
    return text


SecretReference = Annotated[str, AfterValidator(_reference)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Item(_Table):
    """The device under test, as its nameplate and its owner describe it."""

    manufacturer: str = Field(min_length=1)
    type: str = Field(min_length=1)
    serial: str = Field(min_length=1)
    hardware: str = ""
    firmware: str = ""
    condition: str = ""
    received: str = ""


class Customer(_Table):
    """Who ordered the test; ISO/IEC 17025 §7.8.2.1 e."""

    name: str = ""
    contact: str = ""


class Allowed(_Table):
    """What the owner lets the bench do to the device."""

    allow_destructive: bool = False


class Interface(_Table):
    """One port of the device: its edition, the link to it, claims and test values."""

    profile: str = Field(min_length=1)
    link: str = Field(min_length=1)
    role: Literal["meter", "consumer"] = "meter"
    ics: dict[str, Any] = {}
    ixit: dict[str, Any] = {}
    keys: dict[str, SecretReference] = {}


class _Document(_Table):
    schema_: Literal[1] = Field(alias="schema")
    item: Item
    customer: Customer = Customer()
    limits: Allowed = Allowed()
    wan: Interface | None = None
    han: Interface | None = None
    p1: Interface | None = None
    s1: Interface | None = None
    mep: Interface | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration without mistakes; `text` is the file as written."""

    text: str
    item: Item
    customer: Customer
    limits: Allowed
    interfaces: Mapping[str, Interface] = field(default_factory=dict)


def read_declaration(
    text: str,
    source: str,
    proformas: Mapping[str, Proforma],
    profiles: Mapping[str, Collection[str]],
) -> Declaration:
    """Return the declaration written in `text`.

    `proformas` and `profiles` (keys and aliases of the editions) come from the suites, by
    interface. Raises DeclarationError with every mistake; `source` names the file in it.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeclarationError(source, [Mistake("TOML", "", str(error))]) from None
    locate = _locator(text)
    mistakes: list[Mistake] = []
    document: _Document | None = None
    try:
        document = _Document.model_validate(raw)
    except ValidationError as error:
        mistakes += [_mistake(dict(detail)) for detail in error.errors()]
    declared = {name: raw[name] for name in INTERFACES if isinstance(raw.get(name), dict)}
    if not declared:
        mistakes.append(
            Mistake("interfaces", "", "no interface is declared", '[p1] profile = "nl50"')
        )
    for name, section in declared.items():
        mistakes += _interface_mistakes(name, section, proformas, profiles)
    if mistakes or document is None:
        located = [_with_line(mistake, locate) for mistake in mistakes]
        raise DeclarationError(source, located)
    interfaces = {name: getattr(document, name) for name in declared}
    return Declaration(text, document.item, document.customer, document.limits, interfaces)


def _interface_mistakes(
    name: str,
    section: Mapping[str, Any],
    proformas: Mapping[str, Proforma],
    profiles: Mapping[str, Collection[str]],
) -> list[Mistake]:
    if name not in proformas:
        choice = ", ".join(sorted(proformas))
        return [
            Mistake(name, "", f"no suite for this interface is installed (there are: {choice})")
        ]
    mistakes: list[Mistake] = []
    profile = section.get("profile")
    if isinstance(profile, str) and profile and profile not in profiles[name]:
        choice = ", ".join(profiles[name])
        mistakes.append(
            Mistake(f"{name}.profile", repr(profile), "unknown edition", f"one of {choice}")
        )
    ics, ixit = section.get("ics", {}), section.get("ixit", {})
    if isinstance(ics, dict) and isinstance(ixit, dict):
        mistakes += proformas[name].mistakes(name, ics, ixit)
    if isinstance(keys := section.get("keys"), dict):
        mistakes += proformas[name].key_mistakes(name, keys)
    return mistakes


_REMEDIES = {
    "extra_forbidden": "remove it, or check its spelling",
    "missing": "add it",
}


def _mistake(detail: Mapping[str, Any]) -> Mistake:
    """Turn one pydantic error into words; the value of a key is never repeated."""
    path = [str(part) for part in detail["loc"]]
    kind = str(detail["type"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    secret = "keys" in path
    # an entry in the wrong place may be a key too
    hidden = secret or kind in ("missing", "extra_forbidden")
    shown = "" if hidden else _short(detail["input"])
    remedy = _REMEDIES.get(kind, "")
    if kind == "missing":
        message = "is missing"
        remedy = f"{path[-1]} = ..."
    elif kind == "extra_forbidden":
        message = "is not known here"
    elif secret:
        remedy = f'{path[-1]} = "env:NAME"'
    return Mistake(".".join(path), shown, message, remedy)


def _short(value: object) -> str:
    text = "a table" if isinstance(value, dict) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _with_line(mistake: Mistake, locate: Callable[[str], int | None]) -> Mistake:
    line = locate(mistake.path)
    where = f"line {line}: {mistake.path}" if line else mistake.path
    return Mistake(where, mistake.value, mistake.message, mistake.remedy)


def _locator(text: str) -> Callable[[str], int | None]:
    """Return a function from dotted path to line number, or None where nothing fits.

    tomllib keeps no positions; reading the table headers and keys again is enough for a hint.
    """
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if match := re.match(r"\[+\s*([^\]]+?)\s*\]+", stripped):
            table = match[1].replace('"', "") + "."
            lines.setdefault(table.rstrip("."), number)
        elif match := re.match(r"([A-Za-z0-9_.-]+|\"[^\"]+\")\s*=", stripped):
            lines.setdefault(table + match[1].strip('"'), number)

    def locate(path: str) -> int | None:
        plain = path.replace('"', "")
        while plain:
            if plain in lines:
                return lines[plain]
            plain = plain.rpartition(".")[0]
        return None

    return locate
