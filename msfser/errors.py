"""The errors that msfser raises when the user's input cannot be used.

Every message is one line that names the file, the place, the value and the remedy. Errors of lemf
pass through as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from pickle import UnpicklingError

from lemf import LemfError


class MsfserError(LemfError):
    """Base class of the errors of msfser that a user can cause and repair."""


class ManifestError(MsfserError):
    """A manifest that is missing, malformed, or lacks what a command needs."""


class SemanticsError(MsfserError):
    """Texts or vectors that are missing or damaged, or a backend that cannot produce them."""


class ConfigError(MsfserError):
    """A setting outside its range, of the wrong type, or that does not exist."""


class CheckpointError(MsfserError):
    """A model folder that is missing, incomplete, or does not fit the settings."""


class DataError(MsfserError):
    """Audio or features that cannot be trained on or predicted from."""


class RanksError(MsfserError):
    """Processes that train together and no longer can: one has ended, or their data differ."""


def all_faults(place: object, faults: Sequence[str]) -> str:
    """Format all that a user has to mend as one message: ``corpus: 2 things to mend: (1) ...``.

    Parameters
    ----------
    place : object
        The file or folder.
    faults : sequence of str
        One or more, each with its remedy.
    """
    if len(faults) == 1:
        return f"{place}: {faults[0]}"
    numbered = (f"({number}) {fault}" for number, fault in enumerate(faults, 1))
    return f"{place}: {len(faults)} things to mend: {'; '.join(numbered)}"


def first_line(error: BaseException) -> str:
    """Return the first line of the message of another library's error.

    torch names, for a file that holds other objects than weights, an option that would run the code
    in the file: the line says only what the file holds.
    """
    if isinstance(error, UnpicklingError):
        return "the file holds more than weights, and is not unpickled"
    return str(error).strip().partition("\n")[0]
