"""The known-good exchanges around a group of cases: whether the device was well before and after.

The last one tells the case that the device did not survive.
"""

from dataclasses import dataclass, field

from bench.core.case import Case, Kind
from bench.engine.suite import Unwell


@dataclass(slots=True)
class BracketRecord:
    """The known-good exchanges around a group of cases, and the cases between them."""

    interface: str
    group: str
    opening: Unwell | None = None
    closing: Unwell | None = None
    cases: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values; the suspects are the cases that ran before a bad end."""

        def side(unwell: Unwell | None) -> dict[str, object]:
            return {"ok": unwell is None, "message": unwell.message if unwell else ""}

        return {
            "interface": self.interface,
            "group": self.group,
            "opening": side(self.opening),
            "closing": side(self.closing),
            "suspects": list(self.cases) if self.closing else [],
        }


def known_good_case(interface: str) -> Case:
    """Return what stands in place of a case while a group is opened or closed."""
    return Case(
        id=f"{interface.upper()}-KNOWN-GOOD",
        version=1,
        interface=interface,
        title="Known-good exchange",
        purpose="Ensure that the device is well before and after a group of cases.",
        stimulus="What every conforming device answers.",
        criterion="The answer comes.",
        kind=Kind.CAPABILITY,
        clauses=("meterbench:known-good-exchange",),
        bound_s=120.0,
    )
