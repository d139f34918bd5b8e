"""What system cases ask for: the declared ports of the device."""

import pytest

from bench.engine.context import CaseContext
from bench.engine.session import Session
from suites.system.ports import Ports


@pytest.fixture
def ports(bench_session: Session, context: CaseContext) -> Ports:
    """The declared ports that the case looks at; all is put back at its end."""
    return Ports(bench_session, context)
