"""GET, SET and ACTION, each made of one request and followed to its end through all blocks."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bench.protocols.dlms.access import AccessRequest, AccessResponse, AccessSpecification
from bench.protocols.dlms.action import (
    PARAMETERS,
    ActionRequestNormal,
    ActionRequestWithFirstBlock,
    ActionRequestWithList,
    ActionRequestWithListAndFirstBlock,
)
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.block import DataBlock, split
from bench.protocols.dlms.cosem_types import (
    AttributeDescriptor,
    LogicalName,
    MethodDescriptor,
    SelectedAttribute,
    SelectiveAccess,
)
from bench.protocols.dlms.data import encode_data
from bench.protocols.dlms.data_types import Data, null
from bench.protocols.dlms.get import GetRequestNormal, GetRequestWithList
from bench.protocols.dlms.part import encode_part
from bench.protocols.dlms.results import Invocation, LongInvocation
from bench.protocols.dlms.set import (
    VALUES,
    SetRequestNormal,
    SetRequestWithFirstDataBlock,
    SetRequestWithList,
    SetRequestWithListAndFirstDataBlock,
)
from suites.wan_dlms.answer import Answer, ItemResult, Reply
from suites.wan_dlms.following import follow_action, follow_get, follow_set, unexpected

if TYPE_CHECKING:
    from suites.wan_dlms.association import Association

Name = LogicalName | str | bytes

#: octets that a block request takes beside the block itself, ciphering included
_OVERHEAD = 64


def named(name: Name) -> LogicalName:
    """Return the logical name that text, octets or a name mean; UsageError for none."""
    if isinstance(name, LogicalName):
        return name
    return LogicalName.of(name) if isinstance(name, bytes) else _parsed(name)


_parsed = lru_cache(maxsize=1024)(LogicalName.parse)


def attribute_of(class_id: int, name: Name, attribute: int) -> AttributeDescriptor:
    """Return the descriptor of an attribute."""
    return AttributeDescriptor(class_id, named(name), attribute)


def method_of(class_id: int, name: Name, method: int) -> MethodDescriptor:
    """Return the descriptor of a method."""
    return MethodDescriptor(class_id, named(name), method)


def get(
    aa: "Association",
    attribute: AttributeDescriptor,
    selection: SelectiveAccess | None,
    invocation: Invocation,
) -> Answer:
    """Read an attribute."""
    reply = aa.request(GetRequestNormal(invocation, attribute, selection))
    return follow_get(aa, reply, invocation)


def get_list(aa: "Association", items: Iterable[Sequence[Any]], invocation: Invocation) -> Answer:
    """Read several attributes in one request."""
    chosen = tuple(_selected(item) for item in items)
    reply = aa.request(GetRequestWithList(invocation, chosen))
    return follow_get(aa, reply, invocation, expected=len(chosen))


def set_one(
    aa: "Association",
    attribute: AttributeDescriptor,
    data: Data,
    selection: SelectiveAccess | None,
    block_size: int | None,
    invocation: Invocation,
) -> Answer:
    """Write an attribute."""
    request = SetRequestNormal(invocation, attribute, selection, data)
    reply, block, rest = _begin(
        aa,
        request,
        lambda: encode_data(data),
        lambda block: SetRequestWithFirstDataBlock(invocation, attribute, selection, block),
        block_size,
    )
    return follow_set(aa, rest, reply, invocation, block=block)


def set_list(
    aa: "Association",
    items: Iterable[Sequence[Any]],
    block_size: int | None,
    invocation: Invocation,
) -> Answer:
    """Write several attributes in one request: (class, name, attribute, data)."""
    rows = list(items)
    chosen = tuple(_selected((*row[:3], *row[4:])) for row in rows)
    values = tuple(row[3] for row in rows)
    request = SetRequestWithList(invocation, chosen, values)
    reply, block, rest = _begin(
        aa,
        request,
        lambda: encode_part(values, VALUES),
        lambda block: SetRequestWithListAndFirstDataBlock(invocation, chosen, block),
        block_size,
    )
    return follow_set(aa, rest, reply, invocation, block=block, expected=len(rows))


def action(
    aa: "Association",
    method: MethodDescriptor,
    parameter: Data | None,
    block_size: int | None,
    invocation: Invocation,
) -> Answer:
    """Invoke a method."""
    request = ActionRequestNormal(invocation, method, parameter)
    if parameter is None:
        return follow_action(aa, [], aa.request(request), invocation)
    reply, block, rest = _begin(
        aa,
        request,
        lambda: encode_data(parameter),
        lambda block: ActionRequestWithFirstBlock(invocation, method, block),
        block_size,
    )
    return follow_action(aa, rest, reply, invocation, block=block)


def action_list(
    aa: "Association",
    items: Iterable[Sequence[Any]],
    block_size: int | None,
    invocation: Invocation,
) -> Answer:
    """Invoke several methods in one request: (class, name, method, parameter)."""
    rows = list(items)
    methods = tuple(method_of(*row[:3]) for row in rows)
    parameters = tuple(null() if len(row) < 4 or row[3] is None else row[3] for row in rows)
    request = ActionRequestWithList(invocation, methods, parameters)
    reply, block, rest = _begin(
        aa,
        request,
        lambda: encode_part(parameters, PARAMETERS),
        lambda block: ActionRequestWithListAndFirstBlock(invocation, methods, block),
        block_size,
    )
    return follow_action(aa, rest, reply, invocation, block=block, expected=len(rows))


def access(
    aa: "Association",
    items: Iterable[tuple[AccessSpecification, Data | None]],
    invocation: LongInvocation,
    date_time: bytes,
) -> Answer:
    """Make one ACCESS request."""
    rows = list(items)
    data = tuple(null() if value is None else value for _, value in rows)
    reply = aa.request(AccessRequest(invocation, date_time, tuple(what for what, _ in rows), data))
    record = reply.record
    if not isinstance(record, AccessResponse):
        return unexpected((reply,))
    found = record.data + (None,) * (len(record.results) - len(record.data))
    results = tuple(
        ItemResult(int(result.result), value)
        for result, value in zip(record.results, found, strict=False)
    )
    fault = ""
    if len(results) != len(rows):
        fault = f"{len(results)} results for {len(rows)} specifications"
    return Answer((reply,), results=results, fault=fault)


def _selected(item: Sequence[Any]) -> SelectedAttribute:
    access_ = item[3] if len(item) > 3 else None
    return SelectedAttribute(attribute_of(*item[:3]), access_)


def _begin(
    aa: "Association",
    request: Any,
    content: Callable[[], bytes],
    first: Callable[[DataBlock], Any],
    block_size: int | None,
) -> tuple[Reply, DataBlock | None, list[DataBlock]]:
    """Send a request whole, or as `first` with a block of its `content`.

    Return the reply, the block that was sent, and those that are to follow.
    """
    size = _block_size(aa, request, block_size)
    if size is None:
        return aa.request(request), None, []
    block, *rest = split(content(), size)
    return aa.request(first(block)), block, rest


def _block_size(aa: "Association", request: Any, wanted: int | None) -> int | None:
    """Return how many octets a block shall have; None if the request goes whole."""
    if wanted is not None:
        return wanted
    limit = aa.server_max_pdu
    if not limit or len(encode_apdu(request)) + aa.overhead <= limit:
        return None
    return max(limit - _OVERHEAD - aa.overhead, 1)
