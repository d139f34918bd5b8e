import json
from typing import Any

import pytest


@pytest.fixture(scope="session")
def known_frames(real_data) -> dict[str, bytes]:
    """Whole frames with their flags, by id."""
    rows = json.loads((real_data / "wan-dlms" / "hdlc_frames.json").read_text())["vectors"]
    return {row["id"]: bytes.fromhex(row["frame"]) for row in rows}


@pytest.fixture(scope="session")
def known_fields(real_data) -> dict[str, dict[str, Any]]:
    """Parameter fields, FRMR fields and addresses, by id."""
    rows = json.loads((real_data / "wan-dlms" / "hdlc_fields.json").read_text())["vectors"]
    return {row["id"]: row for row in rows}
