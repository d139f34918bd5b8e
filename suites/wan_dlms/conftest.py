"""What WAN cases ask for: the declaration, the meter, and its object model read once."""

import pytest

from bench.engine.context import CaseContext
from bench.engine.session import Session
from bench.protocols.hdlc.address import PUBLIC_CLIENT
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.hdlc_link import HdlcLink
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.survey import Survey
from suites.wan_dlms.wrapper_wire import WrapperWire


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


@pytest.fixture
def hdlc(context: CaseContext, declared: Declared) -> HdlcLink:
    """The public client's data link, disconnected: whatever frames a case wants to send."""
    has_public = declared.has("public")
    sap = declared.association("public").client if has_public else PUBLIC_CLIENT
    link = HdlcLink(
        context,
        context.connection,
        client=declared.client_address(sap),
        server=declared.server_address(),
        limit_s=declared.response_limit_s,
        reads_name=has_public,
    )
    context.at_end(link.finish)
    link.begin()
    return link


@pytest.fixture
def wire(context: CaseContext, declared: Declared) -> WrapperWire:
    """A new connection of the public client as wrapper units, nothing sent on it yet."""
    return WrapperWire.fresh(context, declared)
