"""What WAN cases ask for: the declaration, the meter, and its object model read once."""

import pytest

from bench.engine.context import CaseContext
from bench.engine.session import Session
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.survey import Survey


@pytest.fixture
def declared(context: CaseContext) -> Declared:
    """What the declaration says of the port."""
    return Declared.of(context)


@pytest.fixture
def meter(bench_session: Session, context: CaseContext) -> Meter:
    """The meter; all that a case opens is closed at its end, and a sign of life is asked for."""
    found = Meter.of(bench_session, context)
    context.at_end(found.finish)
    return found


@pytest.fixture
def survey(meter: Meter) -> Survey:
    """The object model, read once per run through the management association."""
    return meter.survey()
