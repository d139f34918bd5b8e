"""The reference meter as the management client asks it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bench.protocols.dlms.cosem_types import SelectiveAccess
from bench.protocols.dlms.data_types import Data
from bench.simulator.cosem.access import Asker
from bench.simulator.cosem.device import LogicalDevice
from bench.simulator.cosem.image_transfer import ImageLimits
from bench.simulator.cosem.reference import reference_device
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.presets import household

START = datetime(2026, 1, 15, 9, 7, 13, tzinfo=UTC)
SECOND = 1_000_000_000


class Managed:
    """A device, and the management client that asks it at `now`."""

    def __init__(self, device: LogicalDevice) -> None:
        self.device = device
        self.now = 0

    @property
    def asker(self) -> Asker:
        return Asker("suite0", self.now, authenticated=True, encrypted=True)

    def name(self, class_id: int, name: str) -> bytes:
        found = self.device.find(class_id, name)
        assert found is not None, name
        return found.logical_name

    def raw(
        self, class_id: int, name: str, attribute: int = 2, selection: SelectiveAccess | None = None
    ) -> Any:
        octets = self.name(class_id, name)
        return self.device.get(self.asker, class_id, octets, attribute, selection)

    def get(
        self, class_id: int, name: str, attribute: int = 2, selection: SelectiveAccess | None = None
    ) -> Any:
        data = self.raw(class_id, name, attribute, selection)
        assert isinstance(data, Data), data
        return data.to_python()

    def set(self, class_id: int, name: str, attribute: int, data: Data) -> int:
        octets = self.name(class_id, name)
        return int(self.device.set(self.asker, class_id, octets, attribute, None, data))

    def action(self, class_id: int, name: str, method: int, data: Data) -> int:
        octets = self.name(class_id, name)
        return int(self.device.action(self.asker, class_id, octets, method, data)[0])


Make = Callable[..., Managed]


@pytest.fixture
def make() -> Make:
    def made(
        *breaks: str,
        preset: str = "nl",
        start: datetime = START,
        limits: ImageLimits | None = None,
    ) -> Managed:
        system = MeteringSystem(1, start, household(preset, 1))
        return Managed(reference_device(system, frozenset(breaks), limits))

    return made


@pytest.fixture
def meter(make: Make) -> Managed:
    return make()
