"""Where the WAN port, from the objects of the meter to the wire, can be altered."""

from enum import StrEnum


class Stage(StrEnum):
    """Where the pipeline can be altered, and what the change receives and returns.

    The index that a change receives counts what passes its stage on one device from 0; it is 0 at
    the stages that are passed once, when the device is made.
    """

    HOUSEHOLD = "household"  # Household -> Household; once
    START = "start"  # datetime | str -> the same: when time begins; once
    LINK = "link"  # "hdlc" | "wrapper" | "udp" -> the same; once
    OPTIONS = "options"  # WanOptions -> WanOptions; once
    OBJECTS = "objects"  # list[CosemObject] -> list[CosemObject]; once
    SECONDARY = "secondary"  # SecondaryOptions -> SecondaryOptions; once
    TCP = "tcp"  # TcpOptions -> TcpOptions: how connections are treated; once
    SIGN_ON = "sign-on"  # MeterOptions -> MeterOptions: mode E; once
    LINE = "line"  # LineSettings -> LineSettings | None: that of HDLC without mode E; once
    REQUEST = "request"  # bytes -> bytes: an APDU that came, before the application sees it
    RESPONSE = "response"  # bytes -> bytes: an APDU that answers, before the link layer gets it
    PUSH = "push"  # bytes -> bytes: an APDU that nobody asked for
    FRAME_IN = "frame-in"  # bytes -> bytes: octets as they came together, before they are cut
    FRAME_OUT = "frame-out"  # bytes -> bytes: one frame or WPDU as it is sent
    BOOT = "boot"  # int -> int: ns from when supply is back to when it heeds anything
    LATENCY = "latency"  # int -> int: ns from a request's last octet to its answer's first
    TURNAROUND = "turnaround"  # int -> int: the same for frames that carry no APDU (UA, RR, DM ...)
