"""What every DLMS decoder gives back: the value, the octets, and every problem with its offset."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from bench.core.trace import Field, Problem

T_co = TypeVar("T_co", covariant=True)


class Decoded(NamedTuple, Generic[T_co]):
    """A decoded stretch of octets; `problems` are in the order of their offsets.

    `value` is what could be understood; it is sound as far as `problems` does not say otherwise.
    """

    octets: bytes
    value: T_co
    problems: tuple[Problem, ...]
    annotate: Callable[[bytes], tuple[Field, ...]]

    def fields(self) -> tuple[Field, ...]:
        """Return the tree of fields, parents before children, with the problems noted in it."""
        from bench.protocols.annotation import with_problems

        return with_problems(self.annotate(self.octets), self.problems, own=True)

    def codes(self) -> tuple[str, ...]:
        """Return the codes of the problems, in the order of their offsets."""
        return tuple(problem.code for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Malformed:
    """Octets that begin as `name` and could not be read to the end; the problems say why.

    `octets` are all of them, from the tag on, so that no invented value stands for a missing one.
    """

    name: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Opaque:
    """An APDU whose tag is known as `name` and whose content is not decoded here.

    `octets` start with the tag. The services of short name referencing are such APDUs.
    """

    name: str
    octets: bytes
