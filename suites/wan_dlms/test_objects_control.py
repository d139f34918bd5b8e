"""Area C8: script tables, disconnect control and push setup, where they are declared."""

from bench.core.case import Case, Effects, Kind, case
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.data_types import Data, integer, long_unsigned
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.judging import judge, judge_done, judge_refused
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.model import DISCONNECT, PUSH, SCRIPTS, deviation, rows_of
from suites.wan_dlms.survey import Survey

_CONTROL = "IEC-62056-6-2:5.4.8"
_SCRIPTS = "IEC-62056-6-2:4.5.2"
_PUSH = "IEC-62056-6-2:5.3.8"
_DECLARED = (
    ("WAN/SCRIPTS", SCRIPTS, "script table"),
    ("WAN/DISCONNECT", DISCONNECT, "disconnect control"),
    ("WAN/PUSH", PUSH, "push setup"),
)
_EXECUTE = 1
_OUTPUT, _STATE, _MODE = 2, 3, 4
_DISCONNECT_NOW, _RECONNECT_NOW = 1, 2
_DISCONNECTED, _CONNECTED = 0, 1
_DIRECT = (2, 4)  # control modes in which nobody has to press a button to reconnect
_SWITCHES_WITHIN_S = 10.0


@case(
    Case(
        id="DLMS-OBJ-26",
        version=1,
        interface="wan",
        title="Scripts, disconnector and push setup",
        purpose="Ensure that the functions that are declared are there, and say what they did.",
        stimulus="The object list; ACTION execute of a script that a table does not have; in "
        "control modes 2 and 4 remote_disconnect, then remote_reconnect.",
        criterion="An object of class 9, 70 or 40 for each function declared; an unknown script "
        "is refused; after disconnecting the state is 0 and the output off, after reconnecting "
        "the state is 1.",
        kind=Kind.CAPABILITY,
        clauses=(_CONTROL, _SCRIPTS, _PUSH),
        ics="WAN/SCRIPTS or WAN/DISCONNECT or WAN/PUSH",
        effects=Effects.DESTRUCTIVE,
        detects=("wan.disconnect-missing", "wan.disconnect-ignored", "wan.unknown-script-run"),
        bound_s=120.0,
    )
)
def test_declared_functions(
    meter: Meter, survey: Survey, declared: Declared, verify: Checks
) -> None:
    """What is declared is there and does what it says."""
    wanted = [row for row in _DECLARED if declared.answers.get(row[0])]
    missing = [
        deviation(survey.listing, f"a {what} (class {class_id}) is listed", "none is")
        for _, class_id, what in wanted
        if not survey.find(class_id)
    ]
    expected = "an object of each function declared"
    verify.none_of("present", missing, examined=len(wanted), expected=expected, things="functions")
    with meter.associate("main") as aa:
        if declared.answers.get("WAN/SCRIPTS"):
            _judge_scripts(verify, survey, aa)
        if declared.answers.get("WAN/DISCONNECT"):
            _judge_disconnector(verify, meter, survey, aa)


def _judge_scripts(verify: Checks, survey: Survey, aa: Association) -> None:
    for one in survey.find(SCRIPTS):
        numbers = _script_numbers(survey.data(SCRIPTS, one.name, 2))
        if numbers is None or not one.methods.get(_EXECUTE):
            continue
        unknown = next(number for number in range(0xFFFF, 0, -1) if number not in numbers)
        answer = aa.action(SCRIPTS, one.name, _EXECUTE, long_unsigned(unknown))
        expected = f"script {unknown} of {one.name}, which there is not, is refused"
        judge_refused(verify, "unknown-script", answer, expected=expected, clause=_SCRIPTS)
        return
    verify.note("scripts", "no script table may be used by this client", clause=_SCRIPTS)


def _script_numbers(found: Data | None) -> set[int] | None:
    rows = rows_of(found, 2)
    return None if rows is None else {int(row[0].value) for row in rows}


def _judge_disconnector(verify: Checks, meter: Meter, survey: Survey, aa: Association) -> None:
    name = str(meter.declared.values.get("disconnect_object", "0-0:96.3.10"))
    if not survey.find(DISCONNECT, name):
        return  # told by the list of functions, or another one is to be declared
    mode, state = (aa.get(DISCONNECT, name, number) for number in (_MODE, _STATE))
    if mode.value not in _DIRECT or state.value != _CONNECTED:
        shown = f"control mode {mode}, state {state}"
        verify.note("not-operated", shown, expected="connected, mode 2 or 4: else left alone")
        return
    control = _Disconnector(meter, aa, name)
    try:
        if not judge_done(verify, "disconnect", control.do(_DISCONNECT_NOW)):
            return
        answer = control.settled(_DISCONNECTED)
        met = answer.value == _DISCONNECTED
        judge(verify, "disconnected", met, answer, expected="control_state 0 disconnected")
        output = aa.get(DISCONNECT, name, _OUTPUT)
        off = output.value is False
        judge(verify, "output-off", off, output, expected="output_state false")
        if judge_done(verify, "reconnect", control.do(_RECONNECT_NOW)):
            answer = control.settled(_CONNECTED)
            met = answer.value == _CONNECTED
            judge(verify, "connected", met, answer, expected="control_state 1 connected")
    finally:
        control.restore()


class _Disconnector:
    """A disconnect control that is connected before and after."""

    def __init__(self, meter: Meter, aa: Association, name: str) -> None:
        self._meter = meter
        self._aa = aa
        self._name = name

    def do(self, method: int) -> Answer:
        """Disconnect or reconnect."""
        return self._aa.action(DISCONNECT, self._name, method, integer(0))

    def settled(self, wanted: int) -> Answer:
        """Return the control state when it is as wanted, or when a relay has had its time."""
        connection = self._meter.context.connection
        until_ns = connection.now() + int(_SWITCHES_WITHIN_S * 1e9)
        while True:
            answer = self._aa.get(DISCONNECT, self._name, _STATE)
            if answer.value == wanted or connection.now() >= until_ns:
                return answer
            connection.wait(1.0)

    def restore(self) -> None:
        """Connect again what is not connected; told if that fails."""
        if not self._aa.transport.up:
            self._aa.open()
        if self._aa.get(DISCONNECT, self._name, _STATE).value == _CONNECTED:
            return
        self.do(_RECONNECT_NOW)
        if (left := self.settled(_CONNECTED)).value != _CONNECTED:
            raise Inconclusive(Reason.PRECONDITION, f"the load was not connected again: {left}")
