"""Packages that lemf does without until a command needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lemf.errors import MissingPackageError


@contextmanager
def importing(requirement: str) -> Iterator[None]:
    """Name the remedy where an import inside the ``with`` block fails.

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
