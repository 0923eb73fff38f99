"""What msfser raises when the user's input cannot be used.

Every message is one line that names the file, the place, the value and the remedy. Errors of lemf
pass through as they are.
"""

from __future__ import annotations

from lemf import LemfError


class MsfserError(LemfError):
    """Root of the errors of msfser that a user can cause and mend."""


class ManifestError(MsfserError):
    """A manifest that is missing, malformed, or does not hold what was asked of it."""


class SemanticsError(MsfserError):
    """Texts or vectors that are missing or damaged, or a backend that cannot give them."""


class ConfigError(MsfserError):
    """A setting outside its range, of the wrong type, or that does not exist."""


class CheckpointError(MsfserError):
    """A model folder that is missing, incomplete, or of another shape."""


class DataError(MsfserError):
    """Audio or features that cannot be trained on or predicted from."""


def first_line(error: Exception) -> str:
    """Return the first line of what another library says of an error."""
    return str(error).strip().partition("\n")[0]
