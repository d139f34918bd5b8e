"""Records of this package as plain JSON values, for people and for evidence.

Passwords, challenges and keys that an APDU carries are told by their length alone.
"""

from dataclasses import fields, is_dataclass
from enum import IntEnum
from math import isfinite
from typing import Any

from bench.protocols.dlms.acse_fields import AuthenticationValue
from bench.protocols.dlms.compact_array import CompactArray
from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data, DataType, Elements
from bench.protocols.dlms.date_time import Date, DateTime, Time
from bench.protocols.dlms.decoded import Decoded
from bench.protocols.dlms.initiate import Conformance

_SECRET = frozenset({"dedicated_key"})


def decoded_json(decoded: Decoded[Any]) -> dict[str, Any]:
    """Return value and problems."""
    return {
        "value": to_json(decoded.value),
        "problems": [
            {"offset": p.offset, "code": p.code, "message": p.message, "clause": p.clause}
            for p in decoded.problems
        ],
    }


def to_json(value: Any) -> Any:
    """Return a record with its kind, data with their types, octets in hexadecimal."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Conformance):
        names = [flag.name or "" for flag in Conformance if flag & value]
        return [name.lower().replace("_", "-") for name in names]
    if isinstance(value, IntEnum):
        return value.name.lower().replace("_", "-")
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, int):
        return value
    if isinstance(value, Data):
        return _data(value)
    if isinstance(value, Elements):
        return [to_json(element) for element in value]
    if isinstance(value, LogicalName | Date | Time | DateTime):
        return str(value)
    if isinstance(value, AuthenticationValue):
        return {"choice": f"{value.choice:02X}", "length": len(value.octets)}
    if isinstance(value, tuple):
        return [to_json(element) for element in value]
    if is_dataclass(value):
        return {"kind": type(value).__name__} | {
            field.name: _attribute(field.name, getattr(value, field.name))
            for field in fields(value)
        }
    return str(value)


def _attribute(name: str, value: Any) -> Any:
    if name in _SECRET and isinstance(value, bytes):
        return {"length": len(value)}
    return to_json(value)


def _data(data: Data) -> dict[str, Any]:
    kind = data.type.title if isinstance(data.type, DataType) else f"{data.type:02X}"
    if isinstance(data.value, CompactArray):
        shown = {"description": str(data.value.description), "contents": data.value.contents.hex()}
        return {"type": kind, "value": shown | {"elements": to_json(data.value.elements())}}
    return {"type": kind, "value": to_json(data.value)}
