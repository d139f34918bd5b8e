"""A verifier meets folders that were made to break it: it names damage and never raises."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.core.check import Incident
from bench.core.verdict import Reason, Verdict
from reports.attest import sign_run
from reports.folder import list_files
from reports.verify import verify_run


@pytest.fixture
def full(passing: Any, build: Any, lab: Any) -> Path:
    """A signed run with frames, incidents and a failed bracket."""
    lost = Incident(Verdict.ERROR, Reason.ADAPTER, "gone")
    passing.add(build.case("P1-A-021"), build.missed(), frames=[build.frame_row()])
    passing.add(build.case("P1-B-002"), incidents=(lost,))
    passing.brackets[0] = {
        **build.bracket,
        "closing": {"ok": False, "message": "no answer"},
        "suspects": ["P1-A-020"],
    }
    folder = Path(build.seal(passing.write()))
    sign_run(folder, lab.key)
    return folder


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def paths_into(data: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON document."""
    found = [prefix]
    entries = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for key, value in entries:
        found += paths_into(value, (*prefix, key))
    return found


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with one place replaced."""
    if not path:
        return value
    data[path[0]] = replaced(data[path[0]], path[1:], value)
    return data


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_value_anywhere_is_survived_and_noticed(full: Path, lab: Any, data: Any) -> None:
    names = [n for n in list_files(full) if n.endswith(".json")]
    path = full / data.draw(st.sampled_from(names))
    good = path.read_bytes()
    document = json.loads(good)
    place = data.draw(st.sampled_from(paths_into(document)))
    before = json.dumps(document)
    document = replaced(document, place, data.draw(JSON))
    try:
        path.write_text(json.dumps(document), "utf-8")
        verification = verify_run(full, lab.trusted)
        assert verification.exit_code == 5 or json.dumps(document) == before
    finally:
        path.write_bytes(good)
