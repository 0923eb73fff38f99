"""The errors that lemf raises when the user's input cannot be used.

Every message is one line that names the file, the place, the value and the remedy. A wrong type
or a wrong shape handed to a function by a programmer stays ``TypeError`` or ``ValueError``.
"""


class LemfError(Exception):
    """Root of all errors that a user can cause and correct."""


class AudioError(LemfError):
    """A recording that is missing, unreadable or empty, or holds samples that are not finite."""


class TextGridError(LemfError):
    """A TextGrid that is missing, malformed, or lacks the tier, speaker or words asked for."""


class NoWordsError(TextGridError):
    """A TextGrid whose word tier holds only silence: nothing to score, and nothing to correct."""


class SettingsError(LemfError):
    """A setting outside its range, or the name of something that does not exist."""


class CorpusError(LemfError):
    """A corpus, manifest or labels that cannot be used, or a run that cannot start or go on."""


class OutputError(LemfError):
    """A file that cannot be written, or that exists already and may not be replaced."""


class MissingPackageError(LemfError):
    """An optional package that the chosen option needs is not installed."""
