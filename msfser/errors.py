"""The errors that msfser raises when the user's input cannot be used.

Every message is one line that names the file, the place, the value and the remedy. Errors of lemf
pass through as they are.
"""

from __future__ import annotations

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


def first_line(error: BaseException) -> str:
    """Return the first line of the message of another library's error.

    torch names, for a file that holds other objects than weights, an option that would run the code
    in the file: the line says only what the file holds.
    """
    if isinstance(error, UnpicklingError):
        return "the file holds more than weights, and is not unpickled"
    return str(error).strip().partition("\n")[0]
