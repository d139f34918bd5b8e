"""The known answers that all tests of the application layer share, and strategies for values."""

import json
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
def strategies() -> ModuleType:
    """The module of strategies that lies beside this one."""
    spec = util.spec_from_file_location("dlms_strategies", Path(__file__).parent / "strategies.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
