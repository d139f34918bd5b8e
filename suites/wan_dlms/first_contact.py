"""The known-good exchange around each group, and why the first one did not go well.

The commonest trouble with a meter is one wrong setting. When the logical device name cannot be
read, other settings are tried until one is answered, and the message says which to change.
"""

from bench.core.errors import AdapterError, ConnectionEnded, UsageError
from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.session import Session
from bench.engine.suite import Unwell
from bench.protocols.dlms.acse import ServiceUserDiagnostic
from bench.protocols.hdlc.control import Kind, unnumbered
from bench.protocols.hdlc.parameters import LinkParameters, encode_parameters
from suites.wan_dlms.answer import Ending
from suites.wan_dlms.declared import Declared, LinkLayer
from suites.wan_dlms.hdlc_wire import HdlcWire, Said
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter
from suites.wan_dlms.opening import Opened
from suites.wan_dlms.wrapper_wire import WrapperWire, plain_aarq

_FLAG = 0x7E
_SIGN_ON = b"/"
_SIZES = (1, 2, 4)
_AUTHENTICATION = (
    ServiceUserDiagnostic.AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED,
    ServiceUserDiagnostic.AUTHENTICATION_MECHANISM_NAME_REQUIRED,
    ServiceUserDiagnostic.AUTHENTICATION_FAILURE,
    ServiceUserDiagnostic.AUTHENTICATION_REQUIRED,
)


def first_contact(session: Session) -> Unwell | None:
    """Read the logical device name; None when that went well, else what to change."""
    context = session.known_good("wan")
    meter = Meter.of(session, context)
    why = meter.why_not_alive()
    if not why:
        return None
    known: dict[str, Unwell] = session.shared("wan", "diagnoses", dict[str, Unwell])
    if why not in known:  # what ails the meter is looked for once, not before each group
        known[why] = _diagnose(meter, context)
    return Unwell(known[why].reason, f"{why}; {known[why].message}")


def _diagnose(meter: Meter, context: CaseContext) -> Unwell:
    try:
        return Diagnosis(meter, context).find()
    except (Inconclusive, ConnectionEnded, UsageError) as stopped:
        return Unwell(Reason.SILENT, str(stopped))
    finally:
        meter.close()


def last_contact(session: Session) -> Unwell | None:
    """Read the logical device name again; None when that went well."""
    meter = Meter.of(session, session.known_good("wan"))
    why = meter.why_not_alive()
    return Unwell(Reason.SURVIVAL, f"after the group: {why}") if why else None


class Diagnosis:
    """Tries one setting after the other on a meter whose logical device name cannot be read."""

    def __init__(self, meter: Meter, context: CaseContext) -> None:
        self.meter = meter
        self.context = context
        self.declared: Declared = meter.declared
        self.name = meter.simplest()
        self.client = self.declared.association(self.name).client
        self._snrm = unnumbered(Kind.SNRM)

    def find(self) -> Unwell:
        """Return the setting to change, or all that was tried."""
        if self.declared.link_layer is LinkLayer.HDLC:
            return self._hdlc()
        if self.declared.link_layer is LinkLayer.WRAPPER:
            return self._wrapper()
        return self._association()

    # -- HDLC

    def _hdlc(self) -> Unwell:
        said = self._set_up()
        if said.find(Kind.UA):
            return self._association()
        if said.find(Kind.DM):
            return Unwell(
                Reason.PRECONDITION,
                f"client {self.client} gets DM: another client holds the line, or the meter does "
                "not know this client; disconnect the other one, or change public_client",
            )
        if said.find(Kind.FRMR):
            return self._parameters()
        if said.frames or said.noise:
            return self._noise(said)
        return self._silence()

    def _set_up(
        self, size: int | None = None, information: bytes | None = None, client: int | None = None
    ) -> Said:
        """Send SNRM with one setting changed; end the link again if it came up."""
        own = self.declared.hdlc_parameters
        usual = b"" if own is None else encode_parameters(own)
        wire = HdlcWire(
            self.context,
            self.context.connection,
            client=self.declared.client_address(self.client if client is None else client),
            server=self.declared.server_address(size=size),
            limit_s=self.declared.response_limit_s,
        )
        said = wire.say(wire.frame(self._snrm, usual if information is None else information))
        if said.find(Kind.UA):
            wire.say(wire.frame(unnumbered(Kind.DISC)))
        return said

    def _parameters(self) -> Unwell:
        for text, field in (
            ("hdlc_max_info = 128 and hdlc_window = 1", b""),
            ("no other lengths than two octets", encode_parameters(LinkParameters(), widths=2)),
        ):
            if self._set_up(information=field).find(Kind.UA):
                return Unwell(
                    Reason.PRECONDITION, f"the meter rejects the link parameters; it takes {text}"
                )
        return Unwell(Reason.PRECONDITION, "the meter answers every SNRM with FRMR")

    def _noise(self, said: Said) -> Unwell:
        """Say what octets look like that are no answer to SNRM."""
        heard = b"".join(self.context.frame(number).octets for number in said.noise)
        heard += b"".join(one.piece.octets for one in said.frames)
        line = self.meter.session.preparation.target("wan").line
        link = self.context.connection.link
        if self.context.connection.has(Capability.UART_ERRORS):
            errors = link.line_errors()
            if errors.framing or errors.parity:
                return Unwell(
                    Reason.LINE,
                    f"the UART counts {errors.framing} framing and {errors.parity} parity errors: "
                    f"speed or parity are not {line}; change them in the link (baud=...)",
                )
        if heard[:1] and heard[:2] == b"\x00\x01":
            return Unwell(
                Reason.PRECONDITION, 'octets come as the wrapper sends them: link_layer = "wrapper"'
            )
        stripped = bytes(octet & 0x7F for octet in heard)
        if stripped.startswith(_SIGN_ON):
            return Unwell(
                Reason.PRECONDITION,
                "the meter signs on by IEC 62056-21: add start=mode-e to the link",
            )
        if said.frames and all(not one.frame.valid for one in said.frames):
            problem = said.frames[0].frame.problems[0].message
            if heard != stripped and _even(heard):
                text = "every octet has even parity: the line is 7E1, not 8N1"
            else:
                text = f"frames come damaged ({problem}): check parity, speed and cable"
            return Unwell(Reason.LINE, text)
        if said.frames:
            frame = said.frames[0].frame
            return Unwell(
                Reason.PRECONDITION,
                f"{frame.control} came from {frame.source} to {frame.destination}: change "
                "server_sap, hdlc_lower or hdlc_address_octets",
            )
        shown = heard[:12].hex(" ").upper()
        return Unwell(
            Reason.LINE, f"octets come that are no frame ({shown}): check speed and parity ({line})"
        )

    def _silence(self) -> Unwell:
        """Nothing answers SNRM: try other addresses, and the wrapper."""
        declared = self.declared
        for size in _SIZES:
            if size != declared.hdlc_address_octets and self._set_up(size).frames:
                return Unwell(
                    Reason.PRECONDITION,
                    f"the meter answers a server address of {size} octets: "
                    f"hdlc_address_octets = {size}",
                )
        for name in ("main", "reading"):
            if not declared.has(name):
                continue
            other = declared.association(name).client
            if other != self.client and self._set_up(client=other).frames:
                return Unwell(
                    Reason.PRECONDITION,
                    f"the meter answers client {other} and not {self.client}: change public_client",
                )
        if self._speaks_wrapper():
            return Unwell(
                Reason.PRECONDITION, 'the meter answers through the wrapper: link_layer = "wrapper"'
            )
        server = declared.server_address()
        return Unwell(
            Reason.SILENT,
            f"nothing answers SNRM to server {server} in 1, 2 or 4 octets, nor through the "
            "wrapper: check cable, speed, hdlc_lower, server_sap, and whether the port starts by "
            "mode E (start=mode-e)",
        )

    def _speaks_wrapper(self) -> bool:
        self._renew()
        wire = WrapperWire(
            self.context,
            self.context.connection,
            client=self.client,
            server=self.declared.server_sap,
            limit_s=self.declared.response_limit_s,
        )
        heard = wire.exchange(plain_aarq())
        return heard.answer is not None and heard.answer.wpdu.valid

    def _renew(self) -> None:
        """Make the connection anew where there is one: the device may have hung up."""
        if self.context.connection.has(Capability.CONNECTION):
            self.meter.reconnect()

    # -- wrapper

    def _wrapper(self) -> Unwell:
        connection = self.context.connection
        if connection.has(Capability.CONNECTION):
            try:
                connection.reconnect()
            except AdapterError as error:
                return Unwell(Reason.SILENT, f"the meter takes no connection: {error}")
        found = self._association()
        if found.reason is not Reason.SILENT:
            return found
        self._renew()
        said = self._set_up()
        if said.frames:
            return Unwell(Reason.PRECONDITION, 'the meter answers HDLC frames: link_layer = "hdlc"')
        return found

    # -- the association, over a link that is up

    def _association(self) -> Unwell:
        with self.meter.association(self.name) as aa:
            link = aa.connect()
            if not link.up:
                return Unwell(Reason.SILENT, f"the link came up once, and no more: {link}")
            opened = aa.propose()
            if opened.accepted:
                answer = aa.get(*LOGICAL_DEVICE_NAME)
                if answer.ok:
                    return Unwell(
                        Reason.UNSTABLE, "a second attempt went well; the line may be disturbed"
                    )
                return Unwell(
                    Reason.PRECONDITION,
                    f"the association is open, but 0.0.42.0.0.255 attribute 2 gets {answer}",
                )
        return self._refused(opened)

    def _refused(self, opened: Opened) -> Unwell:
        reply = opened.reply
        said = opened.said
        if reply is not None and reply.ending is Ending.GARBAGE:
            return Unwell(
                Reason.LINE,
                f"the AARQ gets {said}: is it a meter that listens there, and does it speak "
                f"{self.declared.link_layer} (link_layer)?",
            )
        if reply is not None and not reply.came:
            return Unwell(
                Reason.SILENT,
                f"the AARQ of client {self.client} to server {self.declared.server_sap} gets "
                f"{said}: change public_client or server_sap",
            )
        diagnostic = opened.user_diagnostic
        if diagnostic in _AUTHENTICATION:
            return Unwell(
                Reason.PRECONDITION,
                f"client {self.client} has to authenticate ({said}): public_client must be the "
                "client SAP that needs no authentication, usually 16",
            )
        if diagnostic == ServiceUserDiagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED:
            return Unwell(
                Reason.PRECONDITION,
                f"client {self.client} may not use logical names without ciphering ({said}): "
                "change public_client, or the meter uses short names, which are not tested here",
            )
        return Unwell(Reason.PRECONDITION, f"client {self.client}: {said}")


def _even(octets: bytes) -> bool:
    """Whether all octets have an even number of ones, as 7E1 heard as 8N1 has."""
    return bool(octets) and all(octet.bit_count() % 2 == 0 for octet in octets)
