"""What msfser raises when the user's input cannot be used.

Every message is one line that names the file, the place, the value and the remedy. Errors of lemf
pass through as they are: its messages keep to the same rule.
"""


class MsfserError(Exception):
    """Root of all errors that a user can cause and mend."""


class ManifestError(MsfserError):
    """A manifest that is missing, malformed, or does not hold what was asked of it."""


class CorpusError(MsfserError):
    """A corpus folder that is not laid out as its releases are, or labels that cannot be used."""


class SemanticsError(MsfserError):
    """Texts or vectors that are missing or damaged, or a backend that cannot give them."""


class ConfigError(MsfserError):
    """A setting outside its range, of the wrong type, or that does not exist."""


class CheckpointError(MsfserError):
    """A model folder that is missing, incomplete, or of another shape."""


class DataError(MsfserError):
    """Audio or features that cannot be trained on or predicted from."""


class MissingPackageError(MsfserError):
    """An optional package that the chosen option needs is not installed."""


def first_line(error: Exception) -> str:
    """Return the first line of what another library says of an error."""
    return str(error).strip().partition("\n")[0]
