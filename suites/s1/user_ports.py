"""The operator's switch of the user ports P1 and S1, as the bench can work it.

Who opens and closes the ports is the operator, through a control object that the public texts do
not name: the declaration names it (activation_object). The bench writes it through WAN; where that
is not declared, an adapter that controls the device does what the object would have done.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial

from bench.core.errors import AdapterError, UsageError
from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.session import Session
from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import DataType, boolean
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.meter import Meter

_DATA, _VALUE = 1, 2
_CONTROLLING = ("s1", "p1")
_TO_DECLARE = (
    'nothing can open and close the user ports: declare [wan] and [s1.ixit] activation_object = "'
    '0.0.128.0.0.255" (the object of this operator), or use an adapter that controls the device'
)


@dataclass(frozen=True, slots=True)
class Command:
    """One working of the switch: it came to the device at some instant between the two."""

    asked_ns: int
    done_ns: int


class Switch:
    """Opens and closes the user ports; what is changed is put back at the end of the case.

    Commands raise Inconclusive (PRECONDITION) where nothing can switch the ports, or the meter does
    not take it.
    """

    def __init__(self, session: Session, context: CaseContext) -> None:
        self._session = session
        self._context = context
        self._values = session.preparation.target("s1").values
        self._worked: list[bool] = session.shared("s1", "user ports", list[bool])
        self._open_before: bool | None = None
        self._changed = False
        context.at_end(self._end)

    @property
    def limit_s(self) -> float:
        """How long a port may take to follow a command."""
        return float(self._values["activation_s"])

    @property
    def was_worked(self) -> bool:
        """Whether any case of this run has opened or closed the ports already."""
        return bool(self._worked)

    # -- commands

    def open(self) -> Command:
        """Open the ports."""
        return self._set(True)

    def close(self) -> Command:
        """Close the ports."""
        return self._set(False)

    def deliver(self) -> Command | None:
        """Bring the ports to the state of delivery; None where no adapter can."""
        self._remember()
        for name in _CONTROLLING:
            command = self._through_adapter(name, "factory")
            if command is not None:
                self._note(False)
                return command
        return None

    def switch_s1_alone(self, opened: bool) -> tuple[Command, Answer]:
        """Write the object that would switch S1 alone; return how the meter answered."""
        self._note(opened)
        asked = self._now
        with self._meter.associate("main") as aa:
            name = self._name("s1_activation_object")
            answer = aa.set(_DATA, name, _VALUE, boolean(opened))
            return Command(asked, self._now), answer

    def shown(self) -> bool | None:
        """Return what the control object says; None where it cannot be read."""
        if not self._by_object:
            return None
        with self._meter.associate("main") as aa:
            answer = aa.get(_DATA, self._name("activation_object"), _VALUE)
        return bool(answer.value) if answer.ok and self._is_boolean(answer) else None

    def believe(self, opened: bool) -> None:
        """Take this as the state before the case, unless the control object told it."""
        if self._open_before is None:
            self._open_before = opened

    # -- how

    @property
    def _now(self) -> int:
        return self._session.clock.now()

    @property
    def _by_object(self) -> bool:
        return "activation_object" in self._values and self._declared("wan")

    def _declared(self, name: str) -> bool:
        return name in self._session.preparation.declaration.interfaces

    def _set(self, opened: bool) -> Command:
        self._remember()
        self._note(opened)
        if self._by_object:
            return self._write(opened)
        for name in _CONTROLLING:
            command = self._through_adapter(name, "activate" if opened else "deactivate")
            if command is not None:
                return command
        raise Inconclusive(Reason.PRECONDITION, _TO_DECLARE)

    def _write(self, opened: bool) -> Command:
        asked = self._now
        with self._meter.associate("main") as aa:
            name = self._name("activation_object")
            answer = aa.set(_DATA, name, _VALUE, boolean(opened))
            command = Command(asked, self._now)
        if not answer.ok:
            raise Inconclusive(
                Reason.PRECONDITION,
                f"{name} (activation_object) could not be set to {opened}: {answer}",
            )
        return command

    def _through_adapter(self, name: str, action: str) -> Command | None:
        if not self._declared(name):
            return None
        link = self._session.link(name)
        if Capability.DEVICE_CONTROL not in link.capabilities:
            return None
        asked = self._now
        try:
            done = link.control(action)
        except UsageError:
            return None  # this adapter controls other things
        return Command(asked, self._now if done is None else done)

    @cached_property
    def _aside(self) -> CaseContext:
        case = self._context.case
        return self._session.aside("wan", f"switch-{case.id}", 2 * case.bound_s)

    @cached_property
    def _meter(self) -> Meter:
        return Meter.of(self._session, self._aside)

    def _name(self, value: str) -> LogicalName:
        text = str(self._values[value])
        try:
            return LogicalName.parse(text)
        except UsageError as error:
            raise Inconclusive(Reason.IXIT, f"[s1.ixit] {value}: {error}") from None

    @staticmethod
    def _is_boolean(answer: Answer) -> bool:
        return answer.data is not None and answer.data.type == DataType.BOOLEAN

    # -- the end

    def _remember(self) -> None:
        if not self._changed and self._open_before is None:
            self._open_before = self.shown()

    def _note(self, opened: bool) -> None:
        self._changed = True
        self._worked.append(opened)

    def put_back(self) -> bool:
        """Set the ports as they were, by another way where the usual one fails; whether open.

        The case is inconclusive (SURVIVAL) where no way does.
        """
        opened = self._open_before is not False
        if not self._changed:
            return opened
        self._changed = False
        action = "activate" if opened else "deactivate"
        ways: list[Callable[[], Command | None]] = []
        if self._by_object:
            ways.append(partial(self._write, opened))
        ways += [partial(self._through_adapter, name, action) for name in _CONTROLLING]
        why = _TO_DECLARE
        for way in ways:
            try:
                if way() is not None:
                    return opened
            except (AdapterError, Inconclusive) as failure:
                why = str(failure)
        word = "opened" if opened else "closed"
        self._context.inconclusive(
            Reason.SURVIVAL, f"the user ports could not be {word} again: {why}"
        )
        return False

    def _end(self) -> None:
        try:
            self.put_back()
        finally:
            if "_aside" in self.__dict__:
                with suppress(AdapterError):
                    self._meter.close()
                    self._aside.finish()
                self._aside.close()
