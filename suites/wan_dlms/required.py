"""The objects that a declaration says the device must have."""

from bench.core.errors import UsageError
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.dlms.cosem_types import LogicalName


def required_objects(context: CaseContext) -> list[tuple[int, LogicalName]]:
    """Return class and logical name of each object in the value `required_objects`.

    They are written as `3/1-0:1.8.0 8/0-0:1.0.0`. Inconclusive (IXIT) for what cannot be read.
    """
    found = []
    for word in str(context.ixit.get("required_objects", "")).replace(",", " ").split():
        class_id, slash, code = word.partition("/")
        try:
            if not slash or not class_id.isdecimal():
                raise UsageError(f"{word!r} is not CLASS/OBIS")
            found.append((int(class_id), LogicalName.parse(code)))
        except UsageError as error:
            text = f"required_objects: {error}; write it as 3/1-0:1.8.0 8/0-0:1.0.0"
            raise Inconclusive(Reason.IXIT, text) from None
    return found
