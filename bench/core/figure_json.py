"""Reads the JSON of a figure and names the place of whatever is wrong with it."""

from math import isfinite
from typing import Any


class Reader:
    """One object of a JSON document whose every entry must be known and of the right kind.

    Each method takes an entry by name and raises ValueError, with its place in the document, if
    it is missing or something else than asked for. `finish` refuses what nobody took.
    """

    def __init__(self, data: object, where: str = "the figure") -> None:
        if not isinstance(data, dict):
            raise ValueError(f"{where} is not an object")
        self._data: dict[str, Any] = data
        self._where = where
        self._left = set(data)
        self._parts: list[Reader] = []

    def finish(self) -> None:
        """Refuse entries that no method took, here and below."""
        if self._left:
            raise ValueError(f"{self._where} has unknown entries: {', '.join(sorted(self._left))}")
        for part in self._parts:
            part.finish()

    def has(self, name: str) -> bool:
        """Return whether there is such an entry; it still has to be taken."""
        return name in self._data

    def text(self, name: str) -> str:
        """Return a text."""
        value = self._take(name)
        if not isinstance(value, str):
            raise ValueError(f"{self._place(name)} is not a text")
        return value

    def count(self, name: str) -> int:
        """Return a whole number from 0."""
        return _count(self._take(name), self._place(name))

    def counts(self, name: str) -> list[int]:
        """Return a list of whole numbers from 0."""
        return [_count(v, f"{self._place(name)}[{i}]") for i, v in enumerate(self._list(name))]

    def number(self, name: str) -> float:
        """Return a finite number."""
        return _number(self._take(name), self._place(name))

    def value(self, name: str) -> float | None:
        """Return a finite number or None."""
        value = self._take(name)
        return None if value is None else _number(value, self._place(name))

    def numbers(self, name: str) -> list[float]:
        """Return a list of finite numbers."""
        return [_number(v, f"{self._place(name)}[{i}]") for i, v in enumerate(self._list(name))]

    def values(self, name: str) -> list[float | None]:
        """Return a list of finite numbers, with None where there is none."""
        return [
            None if v is None else _number(v, f"{self._place(name)}[{i}]")
            for i, v in enumerate(self._list(name))
        ]

    def row(self, name: str) -> "Reader":
        """Return an object inside this one."""
        part = Reader(self._take(name), self._place(name))
        self._parts.append(part)
        return part

    def rows(self, name: str) -> list["Reader"]:
        """Return a list of objects inside this one."""
        place = self._place(name)
        parts = [Reader(v, f"{place}[{i}]") for i, v in enumerate(self._list(name))]
        self._parts += parts
        return parts

    def _take(self, name: str) -> Any:
        if name not in self._data:
            raise ValueError(f"{self._where} lacks {name!r}")
        self._left.discard(name)
        return self._data[name]

    def _list(self, name: str) -> list[Any]:
        value = self._take(name)
        if not isinstance(value, list):
            raise ValueError(f"{self._place(name)} is not a list")
        return value

    def _place(self, name: str) -> str:
        return f"{self._where}: {name}"


def _number(value: object, place: str) -> float:
    try:
        number = float(value) if type(value) in (int, float) else None  # type: ignore[arg-type]
    except OverflowError:
        number = None
    if number is None or not isfinite(number):
        raise ValueError(f"{place} is not a finite number")
    return number


def _count(value: object, place: str) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{place} is not a whole number from 0")
    return value
