import pytest

from bench.protocols.hdlc.control import (
    CONTROLS,
    Kind,
    information,
    receive_not_ready,
    receive_ready,
    unnumbered,
)


@pytest.mark.parametrize(
    ("octet", "kind", "final"),
    [
        (0x93, Kind.SNRM, True),
        (0x83, Kind.SNRM, False),
        (0x53, Kind.DISC, True),
        (0x43, Kind.DISC, False),
        (0x73, Kind.UA, True),
        (0x63, Kind.UA, False),
        (0x1F, Kind.DM, True),
        (0x0F, Kind.DM, False),
        (0x97, Kind.FRMR, True),
        (0x87, Kind.FRMR, False),
        (0x13, Kind.UI, True),
        (0x03, Kind.UI, False),
        (0x11, Kind.RR, True),
        (0x15, Kind.RNR, True),
        (0x19, Kind.REJ, True),
        (0x0D, Kind.SREJ, False),
        (0xFF, Kind.UNDEFINED, True),
        (0xCF, Kind.UNDEFINED, False),  # SNRME
    ],
)
def test_kinds(octet: int, kind: Kind, final: bool):
    assert (CONTROLS[octet].kind, CONTROLS[octet].final) == (kind, final)


def test_every_sequence_number_has_its_octet():
    for nr in range(8):
        for final in (False, True):
            assert CONTROLS[receive_ready(nr, final)][1:] == (Kind.RR, final, -1, nr)
            assert CONTROLS[receive_not_ready(nr, final)][1:] == (Kind.RNR, final, -1, nr)
            for ns in range(8):
                assert CONTROLS[information(ns, nr, final)][1:] == (Kind.I, final, ns, nr)
    assert information(8, 9) == information(0, 1)


def test_unnumbered_kinds_have_their_octet():
    for kind in (Kind.SNRM, Kind.DISC, Kind.UA, Kind.DM, Kind.FRMR, Kind.UI):
        for final in (False, True):
            assert CONTROLS[unnumbered(kind, final)][1:3] == (kind, final)


def test_the_table_holds_each_octet_at_its_place():
    assert [control.octet for control in CONTROLS] == list(range(256))
    defined = sum(control.defined for control in CONTROLS)
    # 128 I, 16 RR, 16 RNR and both P/F of six unnumbered kinds
    assert defined == 128 + 32 + 12
    assert all(str(control) for control in CONTROLS)
