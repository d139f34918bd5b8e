"""What a value that is written must look like: its type, and that of everything in it."""

from collections.abc import Callable

from bench.protocols.dlms.data_types import Data, DataType

Shape = Callable[[Data], bool]
"""Whether data have the type that an attribute or a method takes."""


def one_of(*types: DataType) -> Shape:
    """Return the shape of simple data of one of these types."""
    return lambda data: data.type in types


def octets(*lengths: int) -> Shape:
    """Return the shape of an octet-string of one of these lengths; none given: of any."""

    def fits(data: Data) -> bool:
        return data.type == DataType.OCTET_STRING and (not lengths or len(data.value) in lengths)

    return fits


def enum_of(*values: int) -> Shape:
    """Return the shape of an enum with one of these values."""
    return lambda data: data.type == DataType.ENUM and data.value in values


def array_of(element: Shape) -> Shape:
    """Return the shape of an array whose elements have a shape."""
    return lambda data: data.type == DataType.ARRAY and all(map(element, data.value))


def structure_of(*elements: Shape) -> Shape:
    """Return the shape of a structure whose elements have these shapes."""

    def fits(data: Data) -> bool:
        return (
            data.type == DataType.STRUCTURE
            and len(data.value) == len(elements)
            and all(shape(item) for shape, item in zip(elements, data.value, strict=True))
        )

    return fits


BOOLEAN = one_of(DataType.BOOLEAN)
INTEGER = one_of(DataType.INTEGER)
LONG = one_of(DataType.LONG)
DOUBLE_LONG = one_of(DataType.DOUBLE_LONG)
UNSIGNED = one_of(DataType.UNSIGNED)
LONG_UNSIGNED = one_of(DataType.LONG_UNSIGNED)
DOUBLE_LONG_UNSIGNED = one_of(DataType.DOUBLE_LONG_UNSIGNED)
ENUM = one_of(DataType.ENUM)
OCTETS = octets()
NAME = octets(6)
DATE_TIME = octets(12)
ANY: Shape = lambda _data: True  # noqa: E731
SCRIPT = structure_of(NAME, LONG_UNSIGNED)
"""A script of a script table: its logical name and selector."""


def like(data: Data) -> Shape:
    """Return the shape of data of the same type as `data`."""
    return one_of(DataType(data.type))
