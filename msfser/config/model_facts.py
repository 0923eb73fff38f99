"""What prediction with a model needs to know of its training, besides the weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from msfser.config.les_settings import LesSettings, read_les_settings
from msfser.config.settings import WaveNorm, check_choice
from msfser.errors import ConfigError
from msfser.manifest import DIMENSIONS

_LARGEST = 1e38  # of numbers: float32 holds no more


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """Facts that prediction with a model needs besides its weights.

    Attributes
    ----------
    label_bounds : (float, float)
        Ends of the rating scale, which the model maps to 0 and 1.
    corpus, corpus_version : str
        Of the training data.
    wave_norm : {"global", "utterance", "none"}
        How samples are standardised.
    wave_mean, wave_std : float
        Statistics of the training samples, for ``"global"``.
    text_encoder, text_encoder_revision : str
        Of the text vectors; empty for a model without texts.
    les : LesSettings
        How LES was found in the training data.
    emotions : tuple of str
        Classes of the head for the emotion, in their order; empty without one.
    unlearned : tuple of str
        Those of `DIMENSIONS` that had no label in the training data: no value of them is predicted.
    """

    label_bounds: tuple[float, float] = (0.0, 1.0)
    corpus: str = ""
    corpus_version: str = ""
    wave_norm: WaveNorm = "global"
    wave_mean: float = 0.0
    wave_std: float = 1.0
    text_encoder: str = ""
    text_encoder_revision: str = ""
    les: LesSettings = field(default_factory=LesSettings)
    emotions: tuple[str, ...] = ()
    unlearned: tuple[str, ...] = ()

    @property
    def learned(self) -> tuple[str, ...]:
        """Dimensions whose values are predicted."""
        return tuple(name for name in DIMENSIONS if name not in self.unlearned)

    @property
    def unlearned_note(self) -> str:
        """What to say where values are missing; empty where all are predicted."""
        if not self.unlearned:
            return ""
        return f"no label of {', '.join(self.unlearned)} in the training data: not predicted"

    def __post_init__(self) -> None:
        if isinstance(self.les, dict):  # as read from a file
            object.__setattr__(self, "les", read_les_settings(self.les))
        check_choice("facts.wave_norm", self.wave_norm, get_args(WaveNorm))
        for name in ("corpus", "corpus_version", "text_encoder", "text_encoder_revision"):
            if not isinstance(getattr(self, name), str):
                raise ConfigError(f"facts.{name}: must be text")
        if not isinstance(self.emotions, tuple) or not all(
            isinstance(name, str) for name in self.emotions
        ):
            raise ConfigError("facts.emotions: must be a list of names")
        if not isinstance(self.unlearned, tuple) or not {*self.unlearned} <= {*DIMENSIONS}:
            raise ConfigError(f"facts.unlearned: must be a list of {', '.join(DIMENSIONS)}")
        for name in ("wave_mean", "wave_std"):
            if not _is_number(getattr(self, name)):
                raise ConfigError(f"facts.{name} {getattr(self, name)!r}: must be a number")
        if not self.wave_std > 0:
            raise ConfigError(f"facts.wave_std {self.wave_std:g}: must be above 0")
        bounds = self.label_bounds
        is_range = isinstance(bounds, tuple) and len(bounds) == 2 and all(map(_is_number, bounds))
        if not is_range or not bounds[0] < bounds[1]:
            raise ConfigError(
                f"facts.label_bounds {bounds!r}: must be two numbers, the lower first"
            )


def plain_facts(facts: ModelFacts) -> dict[str, Any]:
    """Return the facts as JSON holds them; the last three only where not the default."""
    content = asdict(facts)
    content["les"] = facts.les.changes()
    for name in ("les", "emotions", "unlearned"):
        if not content[name]:
            del content[name]
    return content


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < _LARGEST
