"""Who may do what with an attribute or a method (IEC 62056-6-2, Association LN: access_rights).

Rights are kept as the bits of class version 3. `attribute_mode` and `method_mode` give them as the
enumerations of the versions before, which know no encryption and no signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag, StrEnum

from bench.protocols.dlms.data_types import Data, boolean, enum


class Access(IntFlag):
    """Rights to an attribute; to a method `READ` means that it may be invoked."""

    NONE = 0x00
    READ = 0x01
    USE = 0x01
    WRITE = 0x02
    AUTHENTICATED_REQUEST = 0x04
    ENCRYPTED_REQUEST = 0x08
    SIGNED_REQUEST = 0x10
    AUTHENTICATED_RESPONSE = 0x20
    ENCRYPTED_RESPONSE = 0x40
    SIGNED_RESPONSE = 0x80


#: the rights that ask for protection, as a number, which is quicker to ask than a flag
_DEMANDS = int(Access.AUTHENTICATED_REQUEST | Access.ENCRYPTED_REQUEST | Access.SIGNED_REQUEST)


class Role(StrEnum):
    """What the clients of the reference device are there for."""

    PUBLIC = "public"
    READER = "reader"
    MANAGEMENT = "management"
    BROADCAST = "broadcast"


ROLES: Mapping[str, Role] = {
    "public": Role.PUBLIC,
    "lls": Role.READER,
    "hls2": Role.READER,
    "hls3": Role.READER,
    "hls4": Role.READER,
    "hls6": Role.READER,
    "suite0": Role.MANAGEMENT,
    "suite1": Role.MANAGEMENT,
    "suite2": Role.MANAGEMENT,
    "broadcast": Role.BROADCAST,
}
"""The role that each association of the reference device gives to its client."""

Grants = Mapping[str, Access]
"""Rights by the name of an association, or by the role of those that are not named."""

READ: Grants = {Role.READER: Access.READ, Role.MANAGEMENT: Access.READ}
"""All but the public client may read."""
WRITE: Grants = {Role.READER: Access.READ, Role.MANAGEMENT: Access.READ | Access.WRITE}
"""All but the public client may read, the management client may write."""
PUBLIC: Grants = {Role.PUBLIC: Access.READ, **READ}
"""Everybody may read."""
PUBLIC_WRITE: Grants = {Role.PUBLIC: Access.READ, **WRITE}
"""Everybody may read, the management client may write."""
MANAGED: Grants = {Role.MANAGEMENT: Access.USE}
"""A method for the management client."""
GUARDED: Grants = {Role.MANAGEMENT: Access.USE | Access.AUTHENTICATED_REQUEST}
"""A method for the management client, in a request that proves its origin."""
BY_ALL: Grants = {Role.MANAGEMENT: Access.USE, Role.BROADCAST: Access.USE}
"""A method for the management client, and for what is sent to all meters at once."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, when, and how what was asked was protected.

    `now` is nanoseconds after the start. `session` is whatever keeps the association, for objects
    that need it.
    """

    association: str
    now: int
    authenticated: bool = False
    encrypted: bool = False
    session: object = None
    signed: bool = False


def granted(grants: Grants, association: str) -> Access:
    """Return the rights in an association; none where neither it nor its role is named."""
    if association in grants:
        return grants[association]
    return grants.get(ROLES.get(association, Role.READER), Access.NONE)


def protected(rights: Access, asker: Asker) -> bool:
    """Whether a request is protected as the rights demand it."""
    if not int(rights) & _DEMANDS:
        return True
    return not (
        (rights & Access.AUTHENTICATED_REQUEST and not asker.authenticated)
        or (rights & Access.ENCRYPTED_REQUEST and not asker.encrypted)
        or (rights & Access.SIGNED_REQUEST and not asker.signed)
    )


def attribute_mode(rights: Access, version: int) -> Data:
    """Return the access_mode of an attribute in an association object of that class version."""
    if version >= 3:
        return enum(int(rights))
    mode = int(rights & (Access.READ | Access.WRITE))
    if version >= 1 and mode and rights & Access.AUTHENTICATED_REQUEST:
        mode += 3
    return enum(mode)


def method_mode(rights: Access, version: int) -> Data:
    """Return the access_mode of a method in an association object of that class version."""
    usable = bool(rights & Access.USE)
    if version == 0:
        return boolean(usable)
    if version >= 3:
        return enum(int(rights))
    return enum(2 if usable and rights & Access.AUTHENTICATED_REQUEST else int(usable))
