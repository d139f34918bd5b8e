"""What meters of one edition have in common beyond its text: their header, what they leave out."""

from bench.protocols.p1.objects import ObjectFormat
from bench.protocols.p1.profile import Profile

_HEADERS = {
    "nl22": "/ISk5\\2MT382-1003",
    "nl30": "/ISk5\\2MT382-1000",
    "nl40": "/KFM5KAIFA-METER",
    "nl42": "/KFM5KAIFA-METER",
    "nl50": "/ISK5\\2M550T-1012",
    "lu": "/Lux5\\253600471_M",
    "se": "/ELL5\\253800635_A",
    "at": "/EST5\\253700976_A",
    "hu": "/SAG5SAG-METER",
    "ch": "/GRE5\\253700034_A",
    "lt": "/Ene5\\T211 ESMR 5.0",
    "de": "/ESY5Q3DB1024 V3.04",
}
_BELGIAN_HEADER = "/FLU5\\253700484_A"

#: objects that the edition inherits from DSMR and Flemish meters do not send
_NOT_IN_FLANDERS = frozenset(
    {"0-0:96.7.21", "0-0:96.7.9", "1-0:99.97.0", "0-0:96.13.1", "0-n:96.1.0"}
    | {f"1-0:{phase}2.{kind}.0" for phase in (3, 5, 7) for kind in (32, 36)}
)
#: the older way to name the meter and to read a cold meter; real ones do without
_NOT_IN_OLD_METERS = frozenset({"0-0:42.0.0", "0-n:24.3.1"})


def header_line(profile: Profile) -> str:
    """Return the identification line with its `/`, as a maker of that country sends it."""
    return _HEADERS.get(profile.key, _BELGIAN_HEADER)


def is_sent(profile: Profile, entry: ObjectFormat) -> bool:
    """Whether the reference device of the edition sends an object of its table."""
    if profile.key.startswith("be"):
        return entry.obis not in _NOT_IN_FLANDERS
    return profile.key not in {"nl22", "nl30"} or entry.obis not in _NOT_IN_OLD_METERS


def value_group_f(profile: Profile, obis: str) -> str:
    """Return what follows the OBIS code: German electricity meters write the value group F."""
    return "*255" if profile.value_group_f and obis.startswith("1-0:") else ""
