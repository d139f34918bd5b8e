"""Ports that give away a key: row SYS-SEC-01."""

from base64 import b64encode

from bench.protocols.dlms.data_types import octet_string, structure, unsigned, visible_string
from bench.simulator.cosem.access import Access, Role
from bench.simulator.cosem.data import DataObject
from bench.simulator.faults.fault import Fault
from bench.simulator.faults.p1_edit import added
from bench.simulator.faults.system_edit import system_fault
from bench.simulator.faults.wan_objects_edit import Objects, objects
from bench.simulator.ports.s1_stages import Stage, once
from bench.simulator.wan.keys import wan_secret

_PROTECTION = "VTT-review:9"
_SEED = 10
_KEY = wan_secret(_SEED, "suite0_encryption")
_DEBUG = "0-0:128.0.9"


def _debug_object(found: Objects) -> Objects:
    """Add an object that only the management client may read: the wire shows it ciphered."""
    value = structure(unsigned(1), octet_string(_KEY))
    made = DataObject(_DEBUG, value)
    made.attributes[2].grants = {Role.MANAGEMENT: Access.READ}
    return [*found, made]


def _open_object(found: Objects) -> Objects:
    """Add an object that everybody may read."""
    text = visible_string(b64encode(b"k:" + _KEY).decode())
    return [*found, DataObject(_DEBUG, text, public=True)]


FAULTS: tuple[Fault, ...] = (
    system_fault(
        "wan-shows-key",
        "has an object of its maker's over WAN in which the management client finds a key",
        _PROTECTION,
        ("SYS-SEC-01:wan-objects",),
        objects(_debug_object),
    ),
    system_fault(
        "wan-shows-key-to-all",
        "has an object of its maker's over WAN in which everybody finds a key in base64",
        _PROTECTION,
        ("SYS-SEC-01:wan", "SYS-SEC-01:wan-objects"),
        objects(_open_object),
    ),
    system_fault(
        "p1-shows-key",
        "sends a key on P1, in hexadecimal digits",
        _PROTECTION,
        ("SYS-SEC-01:p1",),
        added(f"0-0:96.99.0({_KEY.hex().upper()})"),
    ),
    system_fault(
        "s1-shows-key",
        "sends a key on S1 behind the samples",
        _PROTECTION,
        ("SYS-SEC-01:s1",),
        once(Stage.TAIL, lambda _found: _KEY),
    ),
)
