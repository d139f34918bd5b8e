"""Takes an APDU apart down to values: deciphers it, joins its blocks, says what it answers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.protocols.dlms.acse import Aare, Aarq, Rlre, Rlrq
from bench.protocols.dlms.action import (
    OUTCOME,
    OUTCOMES,
    PARAMETERS,
    ActionRequestWithBlock,
    ActionRequestWithFirstBlock,
    ActionRequestWithListAndFirstBlock,
    ActionResponseWithBlock,
)
from bench.protocols.dlms.apdu import APDU_NAMES, decode_apdu
from bench.protocols.dlms.axdr import Codec
from bench.protocols.dlms.block import DataBlock, ResultBlock
from bench.protocols.dlms.ciphered import (
    CipheredApdu,
    GeneralCiphering,
    GeneralDedCiphering,
    GeneralGloCiphering,
    GeneralSigning,
)
from bench.protocols.dlms.data import DATA
from bench.protocols.dlms.decoded import Decoded
from bench.protocols.dlms.general_block_transfer import GeneralBlockTransfer
from bench.protocols.dlms.get import GET_DATA_RESULTS, GetResponseWithDataBlock
from bench.protocols.dlms.initiate import InitiateRequest
from bench.protocols.dlms.part import decode_part
from bench.protocols.dlms.security.apdus import how_of, plain_tag
from bench.protocols.dlms.set import (
    VALUES,
    SetRequestWithDataBlock,
    SetRequestWithFirstDataBlock,
    SetRequestWithListAndFirstDataBlock,
)
from bench.protocols.wan.association import Association, Role, role_of
from bench.protocols.wan.deciphering import (
    Keys,
    NamedKey,
    Opened,
    general_header,
    open_protected,
    session_keys,
)
from bench.protocols.wan.joining import Joined
from bench.protocols.wan.layer import Layer, Tag
from bench.protocols.wan.obis import explained

Ciphered = CipheredApdu | GeneralGloCiphering | GeneralDedCiphering | GeneralCiphering

_DEEPEST = 8  # APDUs within APDUs

#: service with blocks -> what the blocks make when joined: of one object, of a list
_BLOCKS: dict[type, tuple[str, Codec[Any], Codec[Any]]] = {
    GetResponseWithDataBlock: ("get-response", DATA, GET_DATA_RESULTS),
    SetRequestWithFirstDataBlock: ("set-request", DATA, VALUES),
    SetRequestWithListAndFirstDataBlock: ("set-request", DATA, VALUES),
    SetRequestWithDataBlock: ("set-request", DATA, VALUES),
    ActionRequestWithFirstBlock: ("action-request", DATA, PARAMETERS),
    ActionRequestWithListAndFirstBlock: ("action-request", DATA, PARAMETERS),
    ActionRequestWithBlock: ("action-request", DATA, PARAMETERS),
    ActionResponseWithBlock: ("action-response", OUTCOME, OUTCOMES),
}


class ApduReader:
    """Reads the APDUs of one recording; what one of them tells helps with those after it."""

    def __init__(self, keys: Keys | None = None) -> None:
        self._keys = keys or Keys()
        self._titles: dict[bytes, None] = dict.fromkeys(self._keys.titles)

    def read(
        self,
        octets: bytes,
        association: Association,
        frame: int,
        *,
        at: int | None = None,
        role: Role | None = None,
        how: str = "",
        tag: Tag | None = None,
        depth: int = 0,
    ) -> list[Layer]:
        """Return the layers of an APDU and of what is in it.

        `at` is where it starts in the frame with the number `frame`; `role` who sends it, where
        that is known; `how` and `tag` say how it was joined or deciphered.
        """
        decoded = decode_apdu(octets)
        value = decoded.value
        name = APDU_NAMES.get(octets[0], "APDU") if octets else "APDU"
        role = (role_of(octets[0]) if octets else None) or role
        association.learn(value)
        self._titles.update(dict.fromkeys(association.titles.values()))
        layer = _layer(name, decoded, at, how, tag)
        question = association.question(value)
        if question is not None:
            layer = replace(layer, notes=(f"answers {question}",))
        if depth >= _DEEPEST:
            return [layer]
        inner = _Inner(self, association, frame, role, depth)
        return inner.layers(layer, value)

    def titles(self, association: Association, role: Role | None, first: bytes) -> list[bytes]:
        """Return the titles that the sender may have, the likeliest first."""
        likely = association.titles.get(role, b"") if role else b""
        return [*filter(None, (first, likely)), *self._titles]

    @property
    def keys(self) -> Keys:
        """The keys that were given."""
        return self._keys


class _Inner:
    """What one APDU holds."""

    def __init__(
        self,
        reader: ApduReader,
        association: Association,
        frame: int,
        role: Role | None,
        depth: int,
    ) -> None:
        self._reader = reader
        self._association = association
        self._frame = frame
        self._role = role
        self._depth = depth

    def layers(self, layer: Layer, value: Any) -> list[Layer]:
        match value:
            case Aarq() | Aare() | Rlrq() | Rlre():
                return self._user_information(layer, value.user_information)
            case InitiateRequest() if value.dedicated_key:
                name = f"the dedicated key of frame {self._frame}"
                self._association.dedicated.append(NamedKey(name, value.dedicated_key))
            case _ if isinstance(value, Ciphered):
                return self._ciphered(layer, value)
            case GeneralSigning():
                note = "the signature is not checked"
                return [_noted(layer, note), *self._read(value.content, "the signed content")]
            case GeneralBlockTransfer():
                return self._general_block(layer, value)
            case _ if type(value) in _BLOCKS:
                return self._block(layer, value)
        return [layer]

    def _read(self, octets: bytes, how: str, tag: Tag | None = None) -> list[Layer]:
        return self._reader.read(
            octets,
            self._association,
            self._frame,
            role=self._role,
            how=how,
            tag=tag,
            depth=self._depth + 1,
        )

    def _user_information(self, layer: Layer, value: Any) -> list[Layer]:
        if isinstance(value, InitiateRequest):
            return self.layers(layer, value)
        if isinstance(value, Ciphered):
            return self._ciphered(layer, value)
        return [layer]

    def _ciphered(self, layer: Layer, value: Ciphered) -> list[Layer]:
        opened = self._open(value)
        if opened.text is None:
            return [replace(_noted(layer, opened.how), tag=opened.tag)]
        return [layer, *self._read(opened.text, opened.how, opened.tag)]

    def _open(self, value: Ciphered) -> Opened:
        keys, association = self._reader.keys, self._association
        encryption: Sequence[NamedKey] | None = keys.encryption
        dedicated = (*reversed(association.dedicated), *keys.dedicated)
        starts, title, header = None, b"", b""
        if isinstance(value, CipheredApdu):
            starts, how = plain_tag(value.apdu_tag), how_of(value.apdu_tag)
            if how is not None and how.dedicated:
                encryption = dedicated
        elif isinstance(value, GeneralCiphering):
            title, header = value.originator, general_header(value)
            encryption = session_keys(value, keys.encryption)
        else:
            title = value.system_title
            if isinstance(value, GeneralDedCiphering):
                encryption = dedicated
        if encryption is None:
            return Opened(None, Tag.NOT_CHECKED, "not opened: its key was agreed on")
        titles = self._reader.titles(association, self._role, title)
        check = keys.authentication
        return open_protected(value.protected, encryption, check, titles, starts, header)

    def _general_block(self, layer: Layer, value: GeneralBlockTransfer) -> list[Layer]:
        if not value.octets and not value.control.last:
            return [_noted(layer, f"acknowledges block {value.acknowledged}")]
        joiner = self._association.joiner("general-block-transfer", self._role)
        taken = joiner.take(value.number, value.octets, value.control.last, self._frame)
        layers = [_noted(layer, taken.note)]
        if taken.joined is not None:
            layers += self._read(taken.joined.octets, taken.joined.how("blocks"))
        return layers

    def _block(self, layer: Layer, value: Any) -> list[Layer]:
        name, one, many = _BLOCKS[type(value)]
        block: DataBlock | ResultBlock = value.block
        octets = block.result if isinstance(block, ResultBlock) else block.octets
        if not isinstance(octets, bytes):  # the transfer ends with a reason
            return [layer]
        joiner = self._association.joiner(name, self._role)
        taken = joiner.take(block.number, octets, block.last, self._frame)
        layers = [_noted(layer, taken.note)]
        if taken.joined is not None:
            question = self._association.asked.get(value.invocation.invoke_id)
            codecs = (many, one) if question is not None and question.listed else (one, many)
            layers.append(_whole(name, taken.joined, codecs))
        return layers


def _layer(
    name: str, decoded: Decoded[Any], at: int | None, how: str, tag: Tag | None = None
) -> Layer:
    problems = decoded.problems
    if at:
        problems = tuple(problem.shifted(at) for problem in problems)

    def annotate() -> Any:
        return explained(decoded.fields())

    return Layer(name, decoded.octets, at, annotate, problems, decoded.value, how, tag=tag)


def _whole(name: str, joined: Joined, codecs: tuple[Codec[Any], Codec[Any]]) -> Layer:
    """Return the layer of joined blocks, read by the first codec unless only the second fits."""
    title = f"{name} data"
    decoded = decode_part(joined.octets, codecs[0], title)
    if decoded.problems:
        other = decode_part(joined.octets, codecs[1], title)
        decoded = decoded if other.problems else other
    return _layer(title, decoded, None, joined.how("blocks"))


def _noted(layer: Layer, note: str) -> Layer:
    return replace(layer, notes=(*layer.notes, note)) if note else layer
