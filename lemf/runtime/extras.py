"""Optional packages, which are imported when a command needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lemf.errors import MissingPackageError


@contextmanager
def importing(requirement: str) -> Iterator[None]:
    """Raise an error that names the remedy if an import inside the ``with`` block fails.

    Parameters
    ----------
    requirement : str
        What pip installs, such as ``"lemf[plot]"``.

    Raises
    ------
    MissingPackageError
        A package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"{error.name} is missing: pip install '{requirement}'"
        raise MissingPackageError(message) from None


def silence_log(library: str) -> None:
    """Keep what a library logs off stderr, unless the program has set up logging."""
    import logging  # not at the start of every command

    logging.getLogger(library).addHandler(logging.NullHandler())
