"""Says in a few words what an object, an attribute and a value of a WAN recording is.

The words are those of `vectors/wan`; an object that is not there has none.
"""

import re
from functools import cache, lru_cache

from bench.core.trace import Field
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName, MethodDescriptor
from bench.protocols.dlms.date_time import DateTime
from vectors.loader import data

_CODE = re.compile(r"(\w+)-(\w+):(\w+)\.(\w+)\.(\w+)(?:\*(\w+))?")
_DESCRIBED = re.compile(r"class (\d+) ([0-9.:*-]+) (attribute|method) (-?\d+)")
_OCTETS = "octet-string "


@lru_cache(maxsize=4096)
def meaning(name: LogicalName) -> str:
    """Return what the object with this logical name is; "" where that is not known."""
    for groups, text in _patterns():
        if all(want is None or want == got for want, got in zip(groups, name, strict=True)):
            return text.format(b=name.b, e=name.e)
    return _measured(name) if name.a == 1 else ""


def _measured(name: LogicalName) -> str:
    """Return what an object of electricity measures, and how."""
    tables = data("wan/obis.toml")
    processing = tables["processing"].get(str(name.d))
    where = next((p for p, more in tables["phases"].items() if more < name.c <= more + 19), "")
    quantity = tables["quantity"].get(str(name.c - tables["phases"].get(where, 0)))
    if processing is None or quantity is None:
        return ""
    what = quantity.removesuffix(", any phase") if where else quantity
    parts = [f"{what} in {where}" if where else what, processing]
    if name.e and processing.startswith("energy"):
        parts.append(f"tariff {name.e}")
    if name.f != 255:
        parts.append(f"billing period {name.f}")
    return ", ".join(parts)


def describe(what: AttributeDescriptor | MethodDescriptor) -> str:
    """Return object and attribute or method in words, as far as they are known."""
    known = data("wan/classes.toml").get(str(what.class_id), {})
    if isinstance(what, AttributeDescriptor):
        names, number = ["logical_name", *known.get("attributes", ())], what.attribute
    else:
        names, number = known.get("methods", ()), what.method
    member = names[number - 1] if known and 1 <= number <= len(names) else ""
    words = (meaning(what.instance) or known.get("name", ""), member)
    return ", ".join(word for word in words if word)


def explained(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Return the fields of an APDU with the meanings of the objects and times in them."""
    return tuple([_explained(field) for field in fields])


def _explained(field: Field) -> Field:
    text, words = field.text, ""
    if text.startswith(_OCTETS):
        words = _of_octets(text[len(_OCTETS) :])
    elif field.path.endswith("/instance") and (code := _CODE.fullmatch(text)):
        words = meaning(LogicalName.parse(code[0]))
    elif text.startswith("class ") and (found := _DESCRIBED.fullmatch(text)):
        kind = AttributeDescriptor if found[3] == "attribute" else MethodDescriptor
        words = describe(kind(int(found[1]), LogicalName.parse(found[2]), int(found[4])))
    if not words:
        return field
    return Field(field.path, field.offset, field.length, f"{text} ({words})", field.problem)


@lru_cache(maxsize=4096)
def _of_octets(digits: str) -> str:
    """Return what the octets of an octet-string look like: a known object, a date-time, a text."""
    try:
        octets = bytes.fromhex(digits)
    except ValueError:  # shortened
        return ""
    if len(octets) == 6 and octets[5] == 0xFF and (words := meaning(LogicalName.of(octets))):
        return f"{LogicalName.of(octets)} {words}"
    if len(octets) == 12:
        moment = DateTime.of(octets)
        if moment.date.year and 1990 <= moment.date.year < 2100 and not moment.faults():
            return str(moment)
    if len(octets) > 3 and octets.isascii() and octets.decode().isprintable():
        return repr(octets.decode())
    return ""


@cache
def _patterns() -> tuple[tuple[tuple[int | None, ...], str], ...]:
    """Return the codes of the table as groups, None for any number, the most exact first."""
    found = []
    for code, text in data("wan/obis.toml")["objects"].items():
        parts = _CODE.fullmatch(code)
        assert parts is not None, code
        written = (parts[n] or "255" for n in range(1, 7))
        found.append((tuple(int(p) if p.isdigit() else None for p in written), text))
    return tuple(sorted(found, key=lambda row: row[0].count(None)))
