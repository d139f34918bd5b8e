"""What the declaration lets a case change: a string that may be written, a script that may run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.core.errors import UsageError
from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.cosem_types import AttributeDescriptor, MethodDescriptor
from bench.protocols.dlms.data_types import Data, DataType, long_unsigned
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.services import attribute_of, method_of

_SCRIPT_TABLE, _EXECUTE = 9, 1
_DATA, _VALUE = 1, 2
_STRINGS = (DataType.OCTET_STRING, DataType.VISIBLE_STRING)
_USUAL_OCTETS = 40
_FILLING = b"meterbench "


@dataclass(frozen=True, slots=True)
class Text:
    """A string that may be written; it takes up to `octets`, None where that is not declared."""

    descriptor: AttributeDescriptor
    octets: int | None

    @property
    def target(self) -> tuple[int, bytes, int]:
        """Class, logical name and attribute, as `Association.set` takes them."""
        one = self.descriptor
        return one.class_id, one.instance.octets, one.attribute

    def read(self, aa: Association) -> Data:
        """Return what it holds; Inconclusive (PRECONDITION) where that is no string."""
        answer = self.get(aa)
        data = answer.data
        if data is None or data.type not in _STRINGS:
            raise Inconclusive(Reason.PRECONDITION, f"{self} holds no string: {answer}")
        return data

    def get(self, aa: Association) -> Answer:
        """Read it, whatever comes."""
        return aa.get(*self.target)

    def other(self, held: Data, octets: int | None = None) -> Data:
        """Return a string of its type that it does not hold, of so many octets."""
        longest = _USUAL_OCTETS if self.octets is None else min(_USUAL_OCTETS, self.octets)
        size = longest if octets is None else octets
        filled = (_FILLING * (size // len(_FILLING) + 1))[:size]
        if held.value in (filled, filled.decode()):
            filled = filled[1:] + b"."
        return Data(held.type, filled if held.type == DataType.OCTET_STRING else filled.decode())

    def __str__(self) -> str:
        one = self.descriptor
        return f"writable_object {one.instance} attribute {one.attribute}"


@dataclass(frozen=True, slots=True)
class Script:
    """A script that may be executed, and the object that counts its executions, if there is one."""

    method: MethodDescriptor
    selector: int
    counter: str = ""

    @property
    def parameter(self) -> Data:
        """What the method execute takes."""
        return long_unsigned(self.selector)

    @property
    def target(self) -> tuple[int, bytes, int]:
        """Class, logical name and method, as `Association.action` takes them."""
        one = self.method
        return one.class_id, one.instance.octets, one.method

    def count(self, aa: Association) -> int | None:
        """Return how often it was executed, None where no counter is declared.

        Inconclusive (PRECONDITION) when the declared one cannot be read.
        """
        if not self.counter:
            return None
        answer = aa.get(_DATA, self.counter, _VALUE)
        if not isinstance(answer.value, int):
            raise Inconclusive(
                Reason.PRECONDITION, f"action_counter {self.counter} cannot be read: {answer}"
            )
        return answer.value


def text_of(meter: Meter) -> Text | None:
    """Return the string that may be written, None where none is declared.

    Inconclusive (IXIT) for a declaration that names no object.
    """
    values = meter.declared.values
    name = values.get("writable_object")
    if not name:
        return None
    class_id, number = values.get("writable_class", 1), values.get("writable_attribute", 2)
    try:
        descriptor = attribute_of(class_id, str(name), number)
    except UsageError as error:
        raise Inconclusive(Reason.IXIT, f"writable_object: {error}") from None
    return Text(descriptor, values.get("writable_octets"))


def script_of(meter: Meter) -> Script | None:
    """Return the script that may be executed, None where none is declared.

    Inconclusive (IXIT) for a declaration that names no object.
    """
    values = meter.declared.values
    name = values.get("action_object")
    if not name:
        return None
    try:
        method = method_of(_SCRIPT_TABLE, str(name), _EXECUTE)
        counter = str(values.get("action_counter", ""))
        if counter:
            attribute_of(_DATA, counter, _VALUE)
    except UsageError as error:
        raise Inconclusive(Reason.IXIT, f"action_object or action_counter: {error}") from None
    return Script(method, values.get("action_selector", 1), counter)


def needed_text(meter: Meter) -> Text:
    """Return the string that may be written; Inconclusive (IXIT) where none is declared."""
    found = text_of(meter)
    if found is None:
        raise Inconclusive(Reason.IXIT, "no writable_object is declared")
    return found


def needed_script(meter: Meter) -> Script:
    """Return the script that may be executed; Inconclusive (IXIT) where none is declared."""
    found = script_of(meter)
    if found is None:
        raise Inconclusive(Reason.IXIT, "no action_object is declared")
    return found


@contextmanager
def kept(meter: Meter, text: Text, aa: Association) -> Iterator[Data]:
    """Give what the string holds, and see at the end that it holds that again."""
    held = text.read(aa)
    try:
        yield held
    finally:
        if not _holds(text, aa, held):
            _restore(meter, text, held)


def _holds(text: Text, aa: Association, held: Data) -> bool:
    return aa.transport.up and text.get(aa).data == held


def _restore(meter: Meter, text: Text, held: Data) -> None:
    """Write the string over an association of its own, after whatever has happened."""
    meter.close()
    with meter.associate("main") as aa:
        answer = aa.set(*text.target, held)
        if not answer.ok and text.get(aa).data != held:
            meter.context.inconclusive(
                Reason.SURVIVAL, f"{text} does not hold what it held before: {answer}"
            )
