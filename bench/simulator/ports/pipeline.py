"""The alterations of one port by stage, applied to whatever passes there."""

from collections.abc import Iterable
from typing import Any

from bench.simulator.faults.fault import Alteration


class Pipeline:
    """The alterations of one port, by stage; a stage without any leaves what it holds as it is."""

    def __init__(self, alterations: Iterable[Alteration]) -> None:
        self._by_stage: dict[str, list[Alteration]] = {}
        for alteration in alterations:
            self._by_stage.setdefault(alteration.stage, []).append(alteration)

    def alters(self, stage: str) -> bool:
        """Return whether anything is altered at a stage."""
        return stage in self._by_stage

    def altered(self, stage: str, value: Any, index: int = 0) -> Any:
        """Return `value` after the alterations of a stage, in their order."""
        for alteration in self._by_stage.get(stage, ()):
            value = alteration.change(value, index)
        return value
