"""The settings of one analysis: frozen, checked on construction, the paper's values by default."""

from __future__ import annotations

import codecs
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, get_args

from lemf.cue_sets import CUE_SETS as CUE_SETS
from lemf.cue_sets import CUES as CUES
from lemf.cue_sets import Cue as Cue
from lemf.cue_sets import CueInput as CueInput
from lemf.errors import SettingsError, shown
from lemf.setting_types import SETTING_TYPES

FRAME_PERIOD_S = 0.005  # F0 and energy share this time axis
ENERGY_WINDOW_S = 0.020  # section 2.2 of the paper
END_TOLERANCE_S = 0.020  # a word that reaches further beyond the recording is an error
ROUNDING_S = 1e-9  # rounding error of times: a pause of 0.8 - 0.5 s is not longer than 0.3 s
PITCH_FLOOR_HZ, PITCH_CEILING_HZ = 71.0, 800.0  # defaults of Harvest
SWIFT_FLOOR_HZ = 46.875  # lowest of SwiftF0, whose highest lies above that of any search
SWIFT_STEP = 1.05  # least ratio of ceiling to floor: a little over one of its steps

PitchMethod = Literal["harvest", "praat", "swift", "pyworld"]
DurationMethod = Literal["phones", "word"]
PITCH_METHODS: tuple[PitchMethod, ...] = get_args(PitchMethod)
TRACKER_NAMES: dict[PitchMethod, str] = {  # as figures and pages name them
    "harvest": "Harvest",
    "praat": "Praat",
    "swift": "SwiftF0",
    "pyworld": "pyworld",
}
DURATION_METHODS: tuple[DurationMethod, ...] = get_args(DurationMethod)
Scope = Literal["sentence", "recording", "speaker", "corpus"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
N_RESAMPLES = 1000  # of a bootstrap
CUT, CUT_OF_RATERS = 1.0, 0.5  # least rating of an emphasised word, where it is not given
SINGLE_RECORDING_SCOPES = SCOPES[:2]  # the others need several recordings
AlignerName = Literal["espeak", "praat", "viter", "mfa"]
ALIGNERS: tuple[AlignerName, ...] = get_args(AlignerName)

_LARGEST = {"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}
LOWEST_FLOOR_HZ = 20.0
HIGHEST_CEILING_HZ = 2000.0
LOWEST_HIGHPASS_HZ, HIGHEST_HIGHPASS_HZ = 10.0, 1000.0
LARGEST_WEIGHT = 1e6
OPTIONAL = {"optional": True}  # of a field that outputs name only where it is not the default
DECISIONS = ("emphasis", "accent")  # that lemf ships
DEFAULT_THRESHOLD = 0.5
OFF = "off"  # as a decision: none is made
BREAKS = "breaks"  # as sentences: they end at major phrase boundaries
TIER = "tier:"  # before the name of a tier of sentences that is one of the other choices


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a recording is measured and its words are scored.

    Parameters
    ----------
    cues : str
        Name of the cue set; ``"paper"`` is the definition of LEMf in the paper, ``"listeners"`` the
        one that agrees best with listeners, ``"all"`` every cue.
    weights : mapping of str to float, optional
        Weights that replace those of the cue set, by cue; cues left out keep theirs.
    pitch : {"harvest", "praat", "swift", "pyworld"}
        Harvest, Praat's autocorrelation method through parselmouth, SwiftF0 (a small neural
        network), or Harvest of pyworld.
    pitch_floor_hz, pitch_ceiling_hz : float
        Range of the F0 search. The defaults are those of Harvest.
    highpass_hz : float, optional
        Cut-off of a zero-phase high-pass filter before F0 and energy are measured, for recordings
        with an offset or rumble below any voice. The paper has none.
    sentences : str
        ``"whole"``: the file is one sentence. ``"pause:S"``: a new sentence after each pause longer
        than S seconds. ``"breaks"``: a new sentence after each major phrase boundary. Otherwise the
        name of the tier whose labelled intervals are the sentences, or ``"tier:NAME"`` where the
        name is one of these.
    words_tier, phones_tier : str, optional
        Names of the tiers; found by their usual names when left out.
    speaker : str, optional
        Whose ``NAME - words`` and ``NAME - phones`` tiers to use when there are several.
    channel : int or "mix", optional
        Channel from 1, or the mean of all. Left out, several channels are mixed and a note says so.
    duration : {"phones", "word"}
        Mean phone duration as in the paper, or the length of the word where there is no phone tier.
    encoding : str, optional
        Encoding of TextGrids that have no byte order mark, by its name in Python; found in their
        bytes when left out.
    silence : tuple of str
        Further labels that mark silence, on word and phone tiers.
    normalise : {"sentence", "recording", "speaker", "corpus"}
        The words over which a cue's mean and standard deviation are computed, and the phones that
        tell the expected duration of a phone. The paper standardises over the sentence; over more
        words, scores compare between sentences. The last two need several recordings.
    breaks : bool
        Whether the phrase boundary after each word is measured.
    measures : bool
        Whether each word gets measures that can be quoted: F0 in Hz, level in dB, rate.
    decide : str, optional
        By what it is decided which words are emphasised: ``"emphasis"``, ``"accent"``, the path of
        a file that ``lemf fit --decide`` wrote, or ``"off"``. Left out, it is ``"emphasis"`` with
        the cue set ``"listeners"`` and its weights, otherwise ``"off"``.
    threshold : float
        Least probability of a word that counts as emphasised, between 0 and 1. Another than 0.5 is
        refused by what scores a recording, where nothing is decided.

    Raises
    ------
    SettingsError
        A value of a wrong type or outside its range, or an unknown name.
    """

    cues: str = "paper"
    weights: Mapping[str, float] | None = None
    pitch: PitchMethod = "harvest"
    pitch_floor_hz: float = PITCH_FLOOR_HZ
    pitch_ceiling_hz: float = PITCH_CEILING_HZ
    highpass_hz: float | None = None
    sentences: str = "whole"
    words_tier: str | None = None
    phones_tier: str | None = None
    speaker: str | None = None
    channel: int | Literal["mix"] | None = None
    duration: DurationMethod = "phones"
    encoding: str | None = None
    silence: tuple[str, ...] = ()
    normalise: Scope = "sentence"
    breaks: bool = field(default=False, metadata=OPTIONAL)
    measures: bool = field(default=False, metadata=OPTIONAL)
    decide: str | None = field(default=None, metadata=OPTIONAL)
    threshold: float = field(default=DEFAULT_THRESHOLD, metadata=OPTIONAL)

    def __post_init__(self) -> None:
        for name, (convert, expected) in SETTING_TYPES.items():
            value = getattr(self, name)
            try:  # copies of plain types, as results record them
                object.__setattr__(self, name, convert(value))
            except (TypeError, ValueError, AttributeError, OverflowError):
                raise SettingsError(f"{name} {shown(value)}: write {expected}") from None
        check_choice("cue set", self.cues, tuple(CUE_SETS))
        check_choice("pitch method", self.pitch, PITCH_METHODS)
        check_choice("duration", self.duration, DURATION_METHODS)
        check_choice("normalise", self.normalise, SCOPES)
        if not LOWEST_FLOOR_HZ <= self.pitch_floor_hz < self.pitch_ceiling_hz <= HIGHEST_CEILING_HZ:
            raise SettingsError(
                f"pitch range {self.pitch_floor_hz:g}-{self.pitch_ceiling_hz:g} Hz: the floor must "
                f"lie below the ceiling, both from {LOWEST_FLOOR_HZ:g} to {HIGHEST_CEILING_HZ:g} Hz"
            )
        floor_hz = max(self.pitch_floor_hz, SWIFT_FLOOR_HZ)
        if self.pitch == "swift" and self.pitch_ceiling_hz < SWIFT_STEP * floor_hz:
            raise SettingsError(
                f"pitch range {self.pitch_floor_hz:g}-{self.pitch_ceiling_hz:g} Hz: SwiftF0 finds "
                f"F0 from {SWIFT_FLOOR_HZ:g} Hz on, in a range of at least {SWIFT_STEP - 1:.0%}"
            )
        if self.highpass_hz is not None and not (
            LOWEST_HIGHPASS_HZ <= self.highpass_hz <= HIGHEST_HIGHPASS_HZ
        ):
            raise SettingsError(
                f"high-pass filter at {self.highpass_hz:g} Hz: write a frequency from "
                f"{LOWEST_HIGHPASS_HZ:g} to {HIGHEST_HIGHPASS_HZ:g} Hz, such as 60"
            )
        if self.channel is not None and self.channel != "mix" and self.channel < 1:
            raise SettingsError(f"channel {self.channel}: channels are counted from 1")
        if self.encoding is not None:
            find_encoding(self.encoding)
        if not 0 < self.threshold < 1:
            raise SettingsError(
                f"threshold {self.threshold:g}: write a probability above 0 and below 1, such as "
                "0.5"
            )
        self.pause_s  # noqa: B018 - raises on a pause that is not a time
        for name, weight in (self.weights or {}).items():
            check_choice("cue", name, tuple(CUE_SETS[self.cues]), of=f" of the set {self.cues!r}")
            if not abs(weight) <= LARGEST_WEIGHT:
                raise SettingsError(
                    f"weight of {name}: {weight} is not a number up to {LARGEST_WEIGHT:g}"
                )

    @property
    def cue_weights(self) -> dict[str, float]:
        """Weight of every cue of the set, in its order: the user's, else that of the set."""
        given = self.weights or {}
        return {name: float(given.get(name, usual)) for name, usual in CUE_SETS[self.cues].items()}

    @property
    def has_extra_cues(self) -> bool:
        """Whether the set has cues beyond the paper's, which read contours with detail."""
        return self._reads("sentence")

    @property
    def sentences_from_breaks(self) -> bool:
        """Whether sentences end at major phrase boundaries."""
        return self.sentences == BREAKS

    @property
    def needs_detail(self) -> bool:
        """Whether anything reads contours with detail: an extra cue, breaks, F0, a decision."""
        breaks = self.breaks or self.sentences_from_breaks
        return self.has_extra_cues or breaks or self.measures or self.decide not in (None, OFF)

    @property
    def sentences_tier(self) -> str | None:
        """Name of the tier of the sentences; None where they come from elsewhere."""
        if self.sentences.startswith(TIER):
            return self.sentences.removeprefix(TIER)
        elsewhere = self.sentences in ("whole", BREAKS) or self.pause_s is not None
        return None if elsewhere else self.sentences

    @property
    def needs_phone_norms(self) -> bool:
        """Whether a cue of the set reads the expected durations of phones."""
        return self.duration == "phones" and self._reads("expected")

    @property
    def needs_vowels(self) -> bool:
        """Whether a cue of the set reads which phones are vowels."""
        return self._reads("vowels")

    @property
    def pause_s(self) -> float | None:
        """Length of the pause that ends a sentence, in seconds; None unless ``pause:S``."""
        kind, colon, value = self.sentences.partition(":")
        if kind != "pause" or not colon:
            return None
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not (math.isfinite(seconds) and seconds >= 0):
            raise SettingsError(f"sentences {self.sentences!r}: write pause:0.3 for 0.3 seconds")
        return seconds

    def _reads(self, what: CueInput) -> bool:
        """Check whether the function of a cue of the set has this parameter."""
        return any(what in CUES[name].reads for name in CUE_SETS[self.cues])


@dataclass(frozen=True, kw_only=True)
class AlignSettings:
    """How a text is aligned to its recording.

    Parameters
    ----------
    language : str, optional
        Code of espeak-ng's, such as ``"de"``; told from the words of the text when left out.
    aligner : {"espeak", "praat", "viter", "mfa"}
        lemf's own, with the phones of espeak-ng; Praat's, through parselmouth; viter; or the
        Montreal Forced Aligner, where its command is installed.
    force_fit : bool
        Whether a text that does not fit the sound is aligned all the same, with flags.

    Raises
    ------
    SettingsError
        A value of a wrong type, or an unknown aligner.
    """

    language: str | None = None
    aligner: AlignerName = "espeak"
    force_fit: bool = False

    def __post_init__(self) -> None:
        if self.language is not None and not (isinstance(self.language, str) and self.language):
            raise SettingsError(f"language {shown(self.language)}: write a code, such as 'en'")
        check_choice("aligner", self.aligner, ALIGNERS)


def shown_fields(record: Any) -> dict[str, Any]:  # noqa: ANN401 - a dataclass
    """Return the fields of a record that outputs name: optional ones only if not the default."""
    shown = {}
    for name, is_optional, default in _fields_of(type(record)):  # type: ignore[arg-type]
        value = getattr(record, name)
        if not is_optional or value != default:
            shown[name] = value
    return shown


@cache
def _fields_of(kind: type[Any]) -> tuple[tuple[str, bool, Any], ...]:
    """Return the name of each field of a dataclass, whether it is optional, and its default."""
    return tuple(
        (one.name, bool(one.metadata.get("optional")), one.default) for one in fields(kind)
    )


def find_encoding(name: str) -> str:
    """Find an encoding of text by any of its names; one of a family is read as its largest.

    Raises
    ------
    SettingsError
        There is no such encoding.
    """
    try:
        found = codecs.lookup(name).name
        io.TextIOWrapper(io.BytesIO(), name)  # refuses what encodes no text, such as hex
    except (LookupError, ValueError):
        raise SettingsError(
            f"unknown encoding {shown(name)}; name one of Python's, such as utf-8, gbk, "
            "shift_jis, cp1250, koi8_r or mac_roman"
        ) from None
    return _LARGEST.get(found, found)


def check_choice(what: str, value: object, choices: tuple[str, ...], *, of: str = "") -> None:
    """Refuse a value that is not among the choices.

    Raises
    ------
    SettingsError
        The value is unknown; the message lists the choices.
    """
    if not isinstance(value, str) or value not in choices:
        raise SettingsError(f"unknown {what} {shown(value)}{of}; there are: {', '.join(choices)}")
