"""What a suite tells the engine: its interface, its questions, its clauses, its good exchange."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.core.clause import Clause
from bench.core.ics import Proforma
from bench.core.line import LineSettings
from bench.core.verdict import Reason

if TYPE_CHECKING:
    from bench.engine.session import Session


@dataclass(frozen=True, slots=True)
class Unwell:
    """Why a known-good exchange did not go well."""

    reason: Reason
    message: str


#: A known-good exchange: None when the device behaved.
Bracket = Callable[["Session"], Unwell | None]


@dataclass(frozen=True, slots=True)
class Suite:
    """One interface's cases.

    `package` is the import package that holds the case modules (`test_<area>.py`). `profiles`
    maps every name of an edition (key or alias) to its key, `titles` a key to its full name;
    `facts` gives the ICS answers that follow from an edition and the IXIT values, `line` the
    character format that the edition prescribes. A group of cases starts with `opening` and ends
    with `closing`. A suite that `spans` interfaces compares the ports of one device: it has no link
    of its own, is not declared, and applies where two of them are.
    """

    interface: str
    package: str
    title: str
    proforma: Proforma
    clauses: Mapping[str, Clause]
    profiles: Callable[[], Mapping[str, str]]
    titles: Callable[[str], str]
    facts: Callable[[str, Mapping[str, Any]], Mapping[str, bool]]
    line: Callable[[str], LineSettings]
    opening: Bracket
    closing: Bracket
    spans: tuple[str, ...] = ()
