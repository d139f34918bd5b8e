"""The implementation conformance statement: what a device claims, and what follows from it.

Status notation of ISO/IEC 9646-7: `m` mandatory, `o` optional, `o.N` at least one of group N,
`c:PREDICATE` mandatory when the predicate holds, `x` prohibited. Predicates are made of item ids,
`and`, `or`, `not` and parentheses.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.core.errors import Mistake, UsageError

_EXAMPLES = {
    "text": '"..."',
    "file": '"NAME"',
    "integer": "1",
    "number": "1.0",
    "boolean": "true",
}
_TOKEN = re.compile(r"\s*(\(|\)|[A-Za-z0-9][A-Za-z0-9./_-]*)")


@dataclass(frozen=True, slots=True)
class IcsItem:
    """One question of the proforma; `default` is the answer of a device that does not say."""

    id: str
    question: str
    clause: str
    status: str
    default: bool = False


@dataclass(frozen=True, slots=True)
class IxitItem:
    """One value that cases need; `type` is text, file, integer, number or boolean.

    A file is named relative to the declaration. With `choices` nothing else is taken.
    """

    id: str
    question: str
    type: str
    unit: str = ""
    default: Any = None
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyItem:
    """One key that cases need; a declaration names where it is, `[p1.keys] ID = "env:NAME"`.

    `id` is "keys." and the name in that table. `octets` are the lengths that it may have; a
    password is `text`, of any length, and not written in hexadecimal digits. A `public` key is no
    secret.
    """

    id: str
    question: str
    octets: tuple[int, ...] = (16,)
    text: bool = False
    public: bool = False


@dataclass(frozen=True, slots=True)
class Proforma:
    """All questions that a suite asks about a device."""

    ics: Mapping[str, IcsItem] = field(default_factory=dict)
    ixit: Mapping[str, IxitItem] = field(default_factory=dict)
    keys: Mapping[str, KeyItem] = field(default_factory=dict)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Proforma":
        """Return the proforma written in a suite's ics.toml."""
        ics = [IcsItem(**row) for row in data.get("ics", [])]
        ixit = [IxitItem(**_frozen(row)) for row in data.get("ixit", [])]
        keys = [KeyItem(**_frozen(row)) for row in data.get("key", [])]
        return cls(
            {item.id: item for item in ics},
            {item.id: item for item in ixit},
            {item.id: item for item in keys},
        )

    def answers(self, declared: Mapping[str, bool]) -> dict[str, bool]:
        """Return an answer for every item: the declared one, else the default."""
        return {key: declared.get(key, item.default) for key, item in self.ics.items()}

    def values(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """Return the IXIT values that are known: declared ones, else defaults that exist."""
        known = {key: declared.get(key, item.default) for key, item in self.ixit.items()}
        return {key: value for key, value in known.items() if value is not None}

    def mistakes(
        self, section: str, ics: Mapping[str, Any], ixit: Mapping[str, Any]
    ) -> Iterator[Mistake]:
        """Yield every entry of a declaration that is unknown or has the wrong type."""
        for key, answer in ics.items():
            path = f'{section}.ics."{key}"'
            if key not in self.ics:
                yield Mistake(path, "", "unknown item", _nearest(key, self.ics))
            elif not isinstance(answer, bool):
                yield Mistake(path, repr(answer), "must be true or false", f'"{key}" = true')
        for key, value in ixit.items():
            path = f"{section}.ixit.{key}"
            if key not in self.ixit:
                yield Mistake(path, "", "unknown value", _nearest(key, self.ixit))
            elif not _fits(value, self.ixit[key].type):
                kind = self.ixit[key].type
                example = _EXAMPLES[kind]
                yield Mistake(path, repr(value), f"must be {kind}", f"{key} = {example}")
            elif (choices := self.ixit[key].choices) and value not in choices:
                choice = " or ".join(repr(one) for one in choices)
                yield Mistake(
                    path, repr(value), f"must be {choice}", f"{key} = {_toml(choices[0])}"
                )

    def key_mistakes(self, section: str, keys: Iterable[str]) -> Iterator[Mistake]:
        """Yield every name in the table of keys that no case knows."""
        known = [item.removeprefix("keys.") for item in self.keys]
        for name in keys:
            if known and name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                remedy = f"{near[0]}, perhaps" if near else f"one of {', '.join(known)}"
                yield Mistake(f"{section}.keys.{name}", "", "unknown key", remedy)

    def review(self, answers: Mapping[str, bool]) -> list[str]:
        """Return what contradicts the status of the items, in words; empty when clean.

        This is the static conformance review, made before any octet is exchanged.
        """
        findings: list[str] = []
        groups: dict[str, list[str]] = {}
        for item in self.ics.values():
            yes = answers[item.id]
            if item.status == "m" and not yes:
                findings.append(f"{item.id} is mandatory ({item.clause}) and declared absent")
            elif item.status == "x" and yes:
                findings.append(f"{item.id} is prohibited ({item.clause}) and declared present")
            elif item.status.startswith("o."):
                groups.setdefault(item.status, []).append(item.id)
            elif item.status.startswith("c:"):
                condition = item.status[2:]
                if holds(condition, answers) and not yes:
                    findings.append(f"{item.id} is mandatory when {condition} ({item.clause})")
        for members in groups.values():
            if not any(answers[member] for member in members):
                findings.append(f"at least one of {', '.join(members)} must be declared")
        return findings


def _frozen(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _toml(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _nearest(key: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"{close[0]}, perhaps" if close else f"one of {', '.join(known)}"


def _fits(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == "number":
        return isinstance(value, int | float)
    return isinstance(value, str if kind in ("text", "file") else int)


def holds(predicate: str, answers: Mapping[str, bool]) -> bool:
    """Return whether `predicate` is true for `answers`; "" is always true.

    Raises UsageError for a predicate that is malformed or names an item that nobody answers.
    """
    if not predicate.strip():
        return True
    tokens = _tokens(predicate)
    value = _either(predicate, tokens, answers)
    if tokens:
        raise UsageError(f"predicate {predicate!r}: unexpected {tokens[0]!r}")
    return value


def _tokens(predicate: str) -> list[str]:
    tokens, position = [], 0
    text = predicate.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise UsageError(f"predicate {predicate!r}: cannot read at column {position + 1}")
        tokens.append(match[1])
        position = match.end()
    return tokens


def _either(text: str, tokens: list[str], answers: Mapping[str, bool]) -> bool:
    value = _both(text, tokens, answers)
    while tokens and tokens[0] == "or":
        tokens.pop(0)
        right = _both(text, tokens, answers)
        value = value or right
    return value


def _both(text: str, tokens: list[str], answers: Mapping[str, bool]) -> bool:
    value = _one(text, tokens, answers)
    while tokens and tokens[0] == "and":
        tokens.pop(0)
        right = _one(text, tokens, answers)
        value = value and right
    return value


def _one(text: str, tokens: list[str], answers: Mapping[str, bool]) -> bool:
    if not tokens:
        raise UsageError(f"predicate {text!r} ends too early")
    token = tokens.pop(0)
    if token == "not":
        return not _one(text, tokens, answers)
    if token == "(":
        value = _either(text, tokens, answers)
        if not tokens or tokens.pop(0) != ")":
            raise UsageError(f"predicate {text!r}: a parenthesis is not closed")
        return value
    if token not in answers:
        raise UsageError(f"predicate {text!r}: unknown item {token!r}")
    return answers[token]
