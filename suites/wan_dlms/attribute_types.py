"""Which data types an attribute may have, by class and class version (IEC 62056-6-2).

The definitions are in vectors/wan/attribute_types.toml; what is in none of them is not judged.
"""

import re
from dataclasses import dataclass
from functools import cache

from bench.core.errors import UsageError
from bench.protocols.dlms.data_types import Data, DataType, Elements
from vectors.loader import data

_TOKEN = re.compile(r"\s*([a-z0-9-]+|[|(),])")
_ALL = frozenset(int(one) for one in DataType)
_COMPOSED = frozenset({int(DataType.ARRAY), int(DataType.STRUCTURE), int(DataType.COMPACT_ARRAY)})
_BY_TITLE = {one.title: int(one) for one in DataType}


@dataclass(frozen=True, slots=True)
class Accepted:
    """One way in which data may be typed: `tags`, and what elements must be.

    `elements` None: whatever they are. An array has any number of its one element.
    """

    tags: frozenset[int]
    elements: tuple["TypeRule", ...] | None = None


@dataclass(frozen=True, slots=True)
class TypeRule:
    """The types that are accepted; `text` is how the definition writes them."""

    text: str
    ways: tuple[Accepted, ...]

    def problem(self, value: Data) -> str:
        """Return what is wrong with the type of `value`, "" if nothing."""
        mine = [one for one in self.ways if value.type in one.tags]
        if not mine:
            return f"{_title(value)} instead of {self.text}"
        found = [_inner(one, value) for one in mine]
        return "" if "" in found else found[0]


def rules_of(class_id: int, version: int) -> tuple[TypeRule, ...] | None:
    """Return the rules of a class from attribute 2 on; None for a class that is not known."""
    return _rules().get(f"{class_id}.{version}")


def rule_of(class_id: int, version: int, attribute: int) -> TypeRule | None:
    """Return the rule of an attribute, None where nothing is known of it."""
    if attribute == 1:
        return parse_rule("octet-string")
    rules = rules_of(class_id, version) or ()
    return rules[attribute - 2] if 2 <= attribute < len(rules) + 2 else None


def knows_class(class_id: int) -> bool:
    """Whether there is a definition of a class, of whatever version."""
    return any(key.startswith(f"{class_id}.") for key in _rules())


@cache
def parse_rule(text: str) -> TypeRule:
    """Return the rule that a definition writes; UsageError where it cannot be read."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise UsageError(f"{text!r} is no data type")
    rule, rest = _alternatives(tokens, text)
    if rest:
        raise UsageError(f"{text!r}: {' '.join(rest)} is too much")
    return rule


@cache
def _rules() -> dict[str, tuple[TypeRule, ...]]:
    table = data("wan/attribute_types.toml")["type"]
    return {key: tuple(parse_rule(text) for text in row) for key, row in table.items()}


def _alternatives(tokens: list[str], text: str) -> tuple[TypeRule, list[str]]:
    ways: list[Accepted] = []
    used = tokens
    while True:
        more, tokens = _one(tokens, text)
        ways += more
        if tokens[:1] != ["|"]:
            break
        tokens = tokens[1:]
    written = "".join(used[: len(used) - len(tokens)]).replace(",", ", ")
    return TypeRule(_written_out(written), tuple(ways)), tokens


def _written_out(text: str) -> str:
    """Return a rule in which no alias is left, for people."""
    aliases = data("wan/attribute_types.toml")["alias"]
    return re.sub(r"[a-z0-9-]+", lambda found: aliases.get(found[0], found[0]), text)


def _one(tokens: list[str], text: str) -> tuple[tuple[Accepted, ...], list[str]]:
    if not tokens or not tokens[0][0].isalnum():
        raise UsageError(f"{text!r}: a type is missing")
    name, tokens = tokens[0], tokens[1:]
    alias = data("wan/attribute_types.toml")["alias"].get(name)
    if name == "any":
        return (Accepted(_ALL),), tokens
    if name == "simple":
        return (Accepted(_ALL - _COMPOSED),), tokens
    if alias is not None:
        return parse_rule(alias).ways, tokens
    if name not in _BY_TITLE:
        raise UsageError(f"{text!r}: there is no type {name!r}")
    tag = frozenset({_BY_TITLE[name]})
    if tokens[:1] != ["("]:
        return (Accepted(tag),), tokens
    elements: list[TypeRule] = []
    while tokens[:1] in (["("], [","]):
        element, tokens = _alternatives(tokens[1:], text)
        elements.append(element)
    if tokens[:1] != [")"]:
        raise UsageError(f"{text!r}: a bracket is open")
    ways = [Accepted(tag, tuple(elements))]
    if name == "array":
        ways.append(Accepted(frozenset({int(DataType.COMPACT_ARRAY)})))
    return tuple(ways), tokens[1:]


def _inner(way: Accepted, value: Data) -> str:
    """Return what is wrong with the elements of data of the right type."""
    if way.elements is None or not isinstance(value.value, Elements):
        return ""
    if value.type == DataType.ARRAY:
        rules = way.elements * len(value.value)
    else:
        rules = way.elements
        if len(value.value) != len(rules):
            return f"a structure of {len(value.value)} instead of {len(rules)}"
    for number, (rule, element) in enumerate(zip(rules, value.value, strict=True), 1):
        if problem := rule.problem(element):
            return f"element {number}: {problem}"
    return ""


def _title(value: Data) -> str:
    return value.type.title if isinstance(value.type, DataType) else f"type {value.type:02X}"
