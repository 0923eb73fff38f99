"""How LES is found: `msfser semantics les` records it, and `msfser predict` does the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from lemf import LemfError
from msfser.config.settings import check_choice
from msfser.errors import ConfigError

if TYPE_CHECKING:
    from lemf import Settings

When = Literal["always", "emphasised"]
Decide = Literal["emphasis", "accent"]
WHENS: tuple[When, ...] = get_args(When)
DECISIONS: tuple[Decide, ...] = get_args(Decide)
USUAL_THRESHOLD = 0.5

_DECIDING_CUES = "listeners"  # to whose scores lemf's decisions were fitted


@dataclass(frozen=True, kw_only=True)
class LesSettings:
    """How LES is found in each recording.

    Attributes
    ----------
    cues : str
        Cue set of lemf.
    duration : {"phones", "word"}
        Its duration cue.
    when : {"always", "emphasised"}
        Whether every recording has an emphasis segment, or only one in which lemf decides that a
        word is emphasised; in the others, GS stands in.
    decide : {"emphasis", "accent"}
        By what that is decided.
    threshold : float
        Least probability of a word that counts as emphasised.
    """

    cues: str = "paper"
    duration: str = "phones"
    when: When = "always"
    decide: Decide = "emphasis"
    threshold: float = USUAL_THRESHOLD

    def __post_init__(self) -> None:
        check_choice("les.when", self.when, WHENS)
        check_choice("les.decide", self.decide, DECISIONS)
        if self.when == "emphasised" and self.cues != _DECIDING_CUES:
            raise ConfigError(
                f"LES when emphasised: lemf decides by the cue set {_DECIDING_CUES!r}, not "
                f"{self.cues!r}; use --cues {_DECIDING_CUES}"
            )
        try:
            self.to_lemf()
        except LemfError as error:
            raise ConfigError(f"LES: {error}") from error

    def to_lemf(self, **reading: str | None) -> Settings:
        """Return the settings of lemf; `reading` names the tiers and the encoding of TextGrids."""
        from lemf import Settings

        options: dict[str, Any] = {"cues": self.cues, "duration": self.duration, **reading}
        if self.when == "emphasised":
            options |= {"decide": self.decide, "threshold": self.threshold}
        return Settings(**options)

    def changes(self) -> dict[str, Any]:
        """Return the values that differ from the defaults, by their names."""
        usual = asdict(LesSettings())
        return {name: value for name, value in asdict(self).items() if value != usual[name]}

    @property
    def shown(self) -> str:
        """The options of `msfser semantics les` that these settings are."""
        options = {"cues": self.cues, **self.changes()}
        return " ".join(f"--{name} {value}" for name, value in options.items())


def read_les_settings(content: Mapping[str, Any]) -> LesSettings:
    """Return the settings that `LesSettings.changes` gave.

    Raises
    ------
    ConfigError
        A name or a value is unknown.
    """
    for name in content:
        if name not in asdict(LesSettings()):
            raise ConfigError(f"les.{name}: unknown; the file is of another version of msfser")
    return LesSettings(**content)
