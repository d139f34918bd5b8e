"""Breaker: the ports say the same of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from bench.core.case import Case, Effects, Kind, case
from bench.core.clock import seconds
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import enum, integer
from suites.system.ports import Ports
from suites.wan_dlms.association import Association
from suites.wan_dlms.model import DISCONNECT

_P1_STATE = "0-0:96.3.10"
_STATE, _MODE = 3, 4
_DISCONNECT, _RECONNECT = 1, 2
_DISCONNECTED, _CONNECTED, _READY = 0, 1, 2
_NAMES = {_DISCONNECTED: "disconnected", _CONNECTED: "connected", _READY: "ready"}
_DIRECT = (2, 4)  # control modes in which nobody has to press a button to reconnect
_BY_BUTTON = 3
_SWITCHES_WITHIN_S = 10.0


@case(
    Case(
        id="SYS-BRK-01",
        version=1,
        interface="system",
        title="State of the breaker agrees",
        purpose="Ensure that a reader at P1 knows when the supply is cut.",
        stimulus="In control modes 2 and 4: remote_disconnect; a release (remote_reconnect in "
        "mode 3) where the mode may be changed; then remote_reconnect, over WAN. P1 is heard "
        "after each.",
        criterion="P1 (0-0:96.3.10) shows the control state of the disconnect control.",
        kind=Kind.VALID,
        clauses=("Fluvius-P1-S1:4.2",),
        ics="P1/BREAKER and WAN/DISCONNECT",
        effects=Effects.DESTRUCTIVE,
        detects=(
            "system.p1-breaker-closed",
            "system.p1-breaker-ready-closed",
            "system.p1-breaker-open",
            "system.wan-breaker-closed",
        ),
        beside=("p1", "wan"),
        spans=("p1", "wan"),
        bound_s=300,
    )
)
def test_breaker(ports: Ports, verify: Checks) -> None:
    """Disconnected is disconnected."""
    code = str(ports.context.ixit.get("wan.disconnect_object", "0-0:96.3.10"))
    ports.begin()
    with ports.meter.associate("main") as aa:
        breaker = _Breaker(ports, aa, LogicalName.parse(code))
        mode = breaker.read(_MODE)
        if mode not in _DIRECT or breaker.read(_STATE) != _CONNECTED:
            text = f"control mode {mode}: the load is only disconnected where it can come back"
            raise Inconclusive(Reason.PRECONDITION, text)
        with breaker.restored():
            _agrees(ports, verify, breaker, _CONNECTED, "before")
            breaker.do(_DISCONNECT)
            _agrees(ports, verify, breaker, _DISCONNECTED, "disconnected")
            if breaker.set_mode(_BY_BUTTON):
                breaker.do(_RECONNECT)
                _agrees(ports, verify, breaker, _READY, "released")
                breaker.set_mode(mode)
                breaker.do(_DISCONNECT)
            else:
                verify.note("release", "the control mode may not be changed: not released")
            breaker.do(_RECONNECT)
            _agrees(ports, verify, breaker, _CONNECTED, "connected")


def _agrees(ports: Ports, verify: Checks, breaker: "_Breaker", meant: int, check_id: str) -> None:
    """Record that P1 shows what WAN does, once the contact has had its time to move."""
    state = breaker.settled(meant)
    ports.begin()
    ports.hear(1.0 + 2 * ports.lag_s)
    readings = [one for one in ports.readings() if one.quantity(_P1_STATE) is not None]
    if not readings:
        raise Inconclusive(Reason.PRECONDITION, f"P1 shows no state of the breaker ({_P1_STATE})")
    last = readings[-1]
    shown = last.quantity(_P1_STATE)
    verify.that(
        check_id,
        shown == state,
        expected=f"{state} {_NAMES.get(state, '')} (WAN)",
        observed=f"{shown} (P1)",
        place=ports.place_p1(last, _P1_STATE),
    )


class _Breaker:
    """The disconnect control over an association that may use it."""

    def __init__(self, ports: Ports, aa: Association, name: LogicalName) -> None:
        self._ports = ports
        self._aa = aa
        self._name = name
        self._mode: int | None = None

    def read(self, attribute: int) -> int:
        """Return a state or mode; Inconclusive (PRECONDITION) where it cannot be read."""
        answer = self._aa.get(DISCONNECT, self._name, attribute)
        if not isinstance(answer.value, int):
            text = f"attribute {attribute} of the disconnect control {self._name}: {answer}"
            raise Inconclusive(Reason.PRECONDITION, text)
        return answer.value

    def do(self, method: int) -> None:
        """Disconnect or reconnect; Inconclusive (PRECONDITION) where that is refused."""
        answer = self._aa.action(DISCONNECT, self._name, method, integer(0))
        if not answer.ok:
            text = f"method {method} of the disconnect control {self._name}: {answer}"
            raise Inconclusive(Reason.PRECONDITION, text)

    def set_mode(self, mode: int) -> bool:
        """Change the control mode; return whether the meter took it."""
        if self._mode is None:
            self._mode = self.read(_MODE)
        return self._aa.set(DISCONNECT, self._name, _MODE, enum(mode)).ok

    def settled(self, wanted: int) -> int:
        """Return the control state when it is as wanted, or when a relay has had its time."""
        until_ns = self._ports.now + seconds(_SWITCHES_WITHIN_S)
        while (state := self.read(_STATE)) != wanted and self._ports.now < until_ns:
            self._ports.hear(1.0)
        return state

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Leave mode and contact as they were."""
        try:
            yield
        finally:
            if not self._aa.transport.up:
                self._aa.open()
            if self._mode is not None:
                self.set_mode(self._mode)
            if self.read(_STATE) != _CONNECTED:
                self.do(_DISCONNECT)
                self.do(_RECONNECT)
