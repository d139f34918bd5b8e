"""Keys that a command line names by a reference; a key itself is refused and never repeated."""

from typing import TYPE_CHECKING

from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.engine.secrets import Secret

_SCHEMES = ("env:", "file:", "pkcs11:")
_KEY_OCTETS = 16


def read_reference(
    option: str, reference: str, sizes: tuple[int, ...] = (_KEY_OCTETS,)
) -> "Secret":
    """Return the key that `reference`, the value of `option`, names; it has one of `sizes` octets.

    Raises UsageError for a key itself: the command line ends up in the shell's history.
    """
    from bench.engine.secrets import resolve_secret

    if not reference.startswith(_SCHEMES):
        raise UsageError(
            f"{option} takes no key itself, which would stay in the history of the shell; put its "
            f"{2 * sizes[0]} hexadecimal digits into a file and write {option} file:PATH, or into "
            f"an environment variable and write {option} env:NAME"
        )
    first: UsageError | None = None
    for size in sizes:
        try:
            return resolve_secret(reference, octets=size)
        except UsageError as error:
            first = first or error
    raise UsageError(f"{option}: {first}") from None
