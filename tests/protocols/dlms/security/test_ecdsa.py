"""ECDSA with raw octets: RFC 6979, and what is no signature."""

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.security.ecdsa import (
    is_public_key,
    private_key_of,
    public_key_of,
    sign,
    verify,
)
from bench.protocols.dlms.security.suite import Curve

# RFC 6979, A.2.5 (P-256, SHA-256) and A.2.6 (P-384, SHA-384), message "sample".
PRIVATE = {
    Curve.P_256: "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
    Curve.P_384: "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8"
    "96D5724E4C70A825F872C9EA60D2EDF5",
}
PUBLIC = {
    Curve.P_256: "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
    Curve.P_384: "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64"
    "DEF8F0EA9055866064A254515480BC13"
    "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1"
    "288B231C3AE0D4FE7344FD2533264720",
}
SIGNATURE = {
    Curve.P_256: "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    Curve.P_384: "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C"
    "81A648152E44ACF96E36DD1E80FABE46"
    "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94F"
    "A329C145786E679E7B82C71A38628AC8",
}


@pytest.mark.parametrize("curve", Curve)
def test_rfc_6979(curve):
    private, public = bytes.fromhex(PRIVATE[curve]), bytes.fromhex(PUBLIC[curve])
    assert public_key_of(curve, private) == public
    assert sign(curve, private, b"sample").hex().upper() == SIGNATURE[curve]
    assert verify(curve, public, b"sample", bytes.fromhex(SIGNATURE[curve]))
    assert not verify(curve, public, b"Sample", bytes.fromhex(SIGNATURE[curve]))


@pytest.mark.parametrize("curve", Curve)
def test_points_that_are_not_on_the_curve_verify_nothing(curve):
    public, signature = bytes.fromhex(PUBLIC[curve]), bytes.fromhex(SIGNATURE[curve])
    size = curve.octets
    off = public[:-1] + bytes((public[-1] ^ 1,))
    wrong = (off, bytes(2 * size), b"\xff" * 2 * size, public[:-1], public + b"\x00", b"")
    for point in (*wrong, b"\x04" + public):
        assert not is_public_key(curve, point)
        assert not verify(curve, point, b"sample", signature)
    assert is_public_key(curve, public)


@pytest.mark.parametrize("curve", Curve)
def test_r_and_s_are_from_1_to_the_order_less_1(curve):
    public, signature = bytes.fromhex(PUBLIC[curve]), bytes.fromhex(SIGNATURE[curve])
    size = curve.octets
    zero, all_ones = bytes(size), b"\xff" * size
    for r, s in ((zero, signature[size:]), (all_ones, signature[size:]), (zero, zero)):
        assert not verify(curve, public, b"sample", r + s)
        assert not verify(curve, public, b"sample", s + r)
    for wrong in (b"", signature[:-1], signature + b"\x00", signature * 2):
        assert not verify(curve, public, b"sample", wrong)


@pytest.mark.parametrize("curve", Curve)
def test_any_secret_makes_a_private_key(curve):
    for octets in (b"", b"\x00", b"\xff" * 100, b"name"):
        private = private_key_of(curve, octets)
        assert len(private) == curve.octets
        public = public_key_of(curve, private)
        assert verify(curve, public, b"text", sign(curve, private, b"text"))
    assert private_key_of(curve, b"a") != private_key_of(curve, b"b")


@pytest.mark.parametrize("curve", Curve)
def test_what_is_no_private_key_is_a_usage_error(curve):
    for wrong in (b"", bytes(curve.octets), b"\xff" * curve.octets, b"S" * (curve.octets - 1)):
        with pytest.raises(UsageError, match="private key") as caught:
            sign(curve, wrong, b"text")
        assert "SSS" not in str(caught.value)
        with pytest.raises(UsageError, match=str(curve)):
            public_key_of(curve, wrong)


def test_a_key_of_one_curve_is_none_of_the_other():
    assert not is_public_key(Curve.P_384, bytes.fromhex(PUBLIC[Curve.P_256]))
    assert not is_public_key(Curve.P_256, bytes.fromhex(PUBLIC[Curve.P_384]))
