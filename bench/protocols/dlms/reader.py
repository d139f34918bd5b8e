"""Reads octets from left to right, notes problems and, when asked, the fields it went through.

A reader never raises anything but `Lost`, which its callers inside this package catch: after it
nothing sensible can be read at this level, because where the next component starts is unknown.
"""

from typing import TYPE_CHECKING, TypeVar

from bench.core.trace import Field, Problem

if TYPE_CHECKING:
    from bench.protocols.dlms.axdr import Codec

T = TypeVar("T")

MAX_DEPTH = 32
"""Deeper nesting is refused; what COSEM classes define needs less than ten levels."""

MAX_LENGTH_OCTETS = 8
"""Octets of a length field that are looked at; more cannot be the length of anything here."""


class Lost(Exception):
    """The problem was noted, and the start of the next component is unknown."""


class Reader:
    """A position in `octets` that stays below `end`; keeps fields only if `traced`."""

    __slots__ = ("_path", "at", "depth", "end", "name", "octets", "problems", "trace")

    def __init__(self, octets: bytes, at: int = 0, *, traced: bool = False) -> None:
        self.octets = octets
        self.at = at
        self.end = len(octets)
        self.problems: list[Problem] = []
        self.trace: list[Field | None] | None = [] if traced else None
        self.name = ""
        self.depth = 0
        self._path = ""

    @property
    def left(self) -> int:
        """Octets between the position and the end."""
        return self.end - self.at

    def problem(self, code: str, message: str, at: int | None = None, length: int = 1) -> None:
        """Note a problem, at the position unless another offset is given."""
        offset = self.at if at is None else at
        self.problems.append(Problem(offset, message, code, length=max(length, 1)))

    def lose(self, code: str, message: str, at: int | None = None) -> Lost:
        """Note a problem and return what to raise."""
        self.problem(code, message, at)
        return Lost(message)

    def field(self, name: str, codec: "Codec[T]") -> T:
        """Read a component; it becomes a field with its children after it."""
        self.name = name
        if self.trace is None:
            return codec.read(self)
        start, index, outer = self.at, len(self.trace), self._path
        self.trace.append(None)
        self._path = f"{outer}/{name}" if outer else name
        text = "(not read to its end)"
        try:
            value = codec.read(self)
            text = codec.show(value)
            return value
        finally:
            self.trace[index] = Field(self._path, start, max(self.at - start, 0), text)
            self._path = outer

    def note(self, name: str, start: int, text: str) -> None:
        """Add a field that reaches from `start` to the position, if fields are kept."""
        if self.trace is not None:
            path = f"{self._path}/{name}" if self._path else name
            self.trace.append(Field(path, start, self.at - start, text))

    def fields(self) -> tuple[Field, ...]:
        """Return the fields that were gone through."""
        return tuple(field for field in self.trace or () if field is not None)

    def take(self, count: int) -> bytes:
        """Return the next `count` octets; lost if there are fewer."""
        start = self.at
        if count > self.end - start:
            left = self.end - start
            raise self.lose(
                "truncated", f"{self.name or 'value'} needs {count} octets, {left} are left", start
            )
        self.at = start + count
        return self.octets[start : self.at]

    def u8(self) -> int:
        """Return the next octet."""
        at = self.at
        if at >= self.end:
            raise self.lose("truncated", f"the octets end where {self.name or 'a value'} starts")
        self.at = at + 1
        return self.octets[at]

    def unsigned(self, size: int) -> int:
        """Return the next `size` octets as an unsigned number, most significant first."""
        return int.from_bytes(self.take(size), "big")

    def length(self) -> int:
        """Return a length in its definite form (BER and A-XDR write it the same way).

        A form that is longer than needed is the problem `length-form`; the indefinite form, and
        one with more than eight octets that matter, is `length` and ends the reading.
        """
        start = self.at
        first = self.u8()
        if first < 0x80:
            return first
        count = first & 0x7F
        if count == 0:
            raise self.lose("length", "a length of indefinite form (80)", start)
        value = int.from_bytes(self.take(count), "big")
        if count > MAX_LENGTH_OCTETS and value >= 1 << (8 * MAX_LENGTH_OCTETS):
            raise self.lose("length", f"a length of {count} octets", start)
        if value < 0x80 or value < 1 << (8 * (count - 1)):
            message = f"length {value} is written with {count + 1} octets, longer than needed"
            self.problem("length-form", message, start, count + 1)
        return value

    def content(self) -> bytes:
        """Return octets that are preceded by their length."""
        start = self.at
        length = self.length()
        if length > self.left:
            raise self.lose("length", f"length {length}, but {self.left} octets are left", start)
        return self.take(length)

    def count(self) -> int:
        """Return a number of elements, each of which takes an octet at least."""
        start = self.at
        count = self.length()
        if count > self.left:
            raise self.lose("length", f"{count} elements, but {self.left} octets are left", start)
        return count

    def deeper(self) -> None:
        """Go one level down; lost below `MAX_DEPTH`. The caller comes up again."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.lose("depth", f"nested more than {MAX_DEPTH} levels deep")

    def finish(self) -> None:
        """Note what follows the last component."""
        if self.at < self.end:
            count = self.end - self.at
            what = "an octet follows" if count == 1 else f"{count} octets follow"
            self.problem("trailing", f"{what} the last component", None, count)
