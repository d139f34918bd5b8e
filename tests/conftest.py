"""Fixtures that all tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real captures, which is no part of the repository; skips where it is absent."""
    beside = Path(__file__).parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get("METERBENCH_REAL_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real captures at {folder}; METERBENCH_REAL_DATA names another folder")
    return folder
