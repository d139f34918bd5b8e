"""What the APDUs between one client and one server have told so far, in a recording.

System titles and dedicated keys, which question an answer belongs to, and blocks to be joined.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bench.protocols.dlms.access import AccessAction, AccessRequest
from bench.protocols.dlms.acse import Aare, Aarq
from bench.protocols.dlms.action import (
    ActionRequestNormal,
    ActionRequestWithFirstBlock,
    ActionRequestWithList,
    ActionRequestWithListAndFirstBlock,
)
from bench.protocols.dlms.cosem_types import AttributeDescriptor, MethodDescriptor
from bench.protocols.dlms.get import GetRequestNormal, GetRequestWithList
from bench.protocols.dlms.results import Invocation, LongInvocation
from bench.protocols.dlms.security.apdus import plain_tag
from bench.protocols.dlms.set import (
    SetRequestNormal,
    SetRequestWithFirstDataBlock,
    SetRequestWithList,
    SetRequestWithListAndFirstDataBlock,
)
from bench.protocols.wan.deciphering import NamedKey
from bench.protocols.wan.joining import Blocks
from bench.protocols.wan.obis import describe


class Role(StrEnum):
    """Who sends an APDU."""

    CLIENT = "client"
    SERVER = "server"


_REQUESTS = {0x01, 0x05, 0x06, 0x16, 0x60, 0x62, 0xC0, 0xC1, 0xC3, 0xD9}
_RESPONSES = {0x08, 0x0C, 0x0D, 0x0E, 0x0F, 0x18, 0x61, 0x63, 0xC2, 0xC4, 0xC5, 0xC7, 0xD8, 0xDA}


def role_of(tag: int) -> Role | None:
    """Return who sends APDUs of this tag, None where both do."""
    plain = plain_tag(tag) or tag
    if plain in _REQUESTS:
        return Role.CLIENT
    return Role.SERVER if plain in _RESPONSES else None


@dataclass(frozen=True, slots=True)
class Question:
    """What a request asks for; `listed` where it is a request with list."""

    objects: tuple[AttributeDescriptor | MethodDescriptor, ...]
    listed: bool

    def __str__(self) -> str:
        first = self.objects[0] if self.objects else None
        if first is None:
            return "nothing"
        words = describe(first)
        more = f" and {len(self.objects) - 1} more" if len(self.objects) > 1 else ""
        return f"{first}{f' ({words})' if words else ''}{more}"


@dataclass(slots=True)
class Association:
    """The memory of one client and one server; `titles` are those of both ends."""

    titles: dict[Role, bytes] = field(default_factory=dict)
    dedicated: list[NamedKey] = field(default_factory=list)
    asked: dict[int, Question] = field(default_factory=dict)
    blocks: dict[tuple[str, Role | None], Blocks] = field(default_factory=dict)

    def copy(self) -> "Association":
        """Return an association that knows the same of titles, keys and questions."""
        return Association(dict(self.titles), list(self.dedicated), dict(self.asked))

    def learn(self, value: Any) -> None:
        """Keep what an APDU tells of its sender, and what it asks for."""
        if isinstance(value, Aarq):
            self.dedicated.clear()
            self.asked.clear()
            self.blocks.clear()
            self._title(Role.CLIENT, value.calling_ap_title)
        elif isinstance(value, Aare):
            self._title(Role.SERVER, value.responding_ap_title)
        else:
            question = _question(value)
            if question is not None:
                self.asked[_number(value.invocation)] = question

    def _title(self, role: Role, title: bytes | None) -> None:
        if title is not None and len(title) == 8:
            self.titles[role] = title

    def question(self, value: Any) -> Question | None:
        """Return what a response answers, None if it is no response or the request is not known."""
        invocation = getattr(value, "invocation", None)
        if not isinstance(invocation, Invocation | LongInvocation):
            return None
        if "Response" not in type(value).__name__:
            return None
        return self.asked.get(_number(invocation))

    def joiner(self, name: str, role: Role | None) -> Blocks:
        """Return what joins the blocks of a service in one direction."""
        return self.blocks.setdefault((name, role), Blocks())


def _number(invocation: Invocation | LongInvocation) -> int:
    """Return the invoke id; those of four octets are kept apart."""
    return invocation.invoke_id + (0x100 if isinstance(invocation, LongInvocation) else 0)


def _question(value: Any) -> Question | None:
    match value:
        case GetRequestNormal() | SetRequestNormal() | SetRequestWithFirstDataBlock():
            return Question((value.attribute,), False)
        case GetRequestWithList() | SetRequestWithList() | SetRequestWithListAndFirstDataBlock():
            return Question(tuple(one.attribute for one in value.attributes), True)
        case ActionRequestNormal() | ActionRequestWithFirstBlock():
            return Question((value.method,), False)
        case ActionRequestWithList() | ActionRequestWithListAndFirstBlock():
            return Question(value.methods, True)
        case AccessRequest():
            named = value.specifications
            objects = [s.method if isinstance(s, AccessAction) else s.attribute for s in named]
            return Question(tuple(objects), True)
    return None
