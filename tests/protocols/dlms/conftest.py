"""The known answers that all tests of the application layer share, and strategies for values."""

import json
import sys
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="session")
def vectors(real_data: Path) -> list[dict[str, Any]]:
    """Every known APDU with its octets and its meaning."""
    found = []
    for name in ("acse_xdlms.json", "apdus_u9n_mit.json"):
        file = real_data / "wan-dlms" / name
        if not file.is_file():
            pytest.skip(f"no known answers at {file}")
        for vector in json.loads(file.read_text(encoding="utf-8"))["vectors"]:
            octets = vector.get("apdu") or vector.get("bytes")
            if octets:
                found.append({**vector, "octets": bytes.fromhex(octets)})
    return found


@pytest.fixture(scope="session")
def data_strategies() -> ModuleType:
    """The strategies for COSEM data."""
    return _beside("data_strategies")


@pytest.fixture(scope="session")
def strategies(data_strategies: ModuleType) -> ModuleType:
    """The strategies for APDUs and what they are made of."""
    return _beside("strategies")


def _beside(name: str) -> ModuleType:
    """Return the module that lies beside this one, importable as `dlms_<name>` from then on."""
    full = f"dlms_{name}"
    spec = util.spec_from_file_location(full, Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module
