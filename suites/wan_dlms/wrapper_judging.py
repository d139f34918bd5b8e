"""What the wrapper cases judge alike: silence, a new client that is served, an association."""

from bench.engine.checks import Checks
from suites.wan_dlms.wrapper_wire import Heard, WrapperWire


def judge_silence(verify: Checks, check_id: str, heard: Heard, what: str) -> bool:
    """Record that a stimulus was not answered; the device may hang up."""
    return verify.that(
        check_id,
        not heard.units,
        expected=f"no answer to {what}; the connection may be closed",
        observed=str(heard),
        place=heard.place,
    )


def judge_recovery(verify: Checks, wire: WrapperWire, check_id: str = "recovers") -> bool:
    """Record that a client on a new connection is served."""
    served = wire.recovers()
    return verify.that(
        check_id,
        served,
        expected="a client on a new connection associates and reads the device's name",
        observed="served" if served else "not served",
    )


def judge_associated(verify: Checks, wire: WrapperWire) -> bool:
    """Record that the association of the public client was opened."""
    associated = wire.associate()
    return verify.that(
        "associated",
        associated,
        expected="the association of the public client",
        observed="opened" if associated else "not opened",
    )
