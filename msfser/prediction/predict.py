"""Anybody's recordings -> valence, arousal and dominance on the scale that the model learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lemf import LemfError
from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import Semantic
from msfser.data.clips import RATE_HZ, Samples, WaveStatistics, normalise, read_clip
from msfser.data.examples import Examples
from msfser.errors import CheckpointError, DataError, SemanticsError
from msfser.evaluation.inference import LONGEST_S, run_model
from msfser.evaluation.runs import expert_names, model_folder
from msfser.manifest import DIMENSIONS
from msfser.model.msf_ser import MsfSer
from msfser.prediction.speech_files import SpeechFile, find_speech
from msfser.prediction.speech_predictions import (
    SpeechPrediction,
    clamp,
    mean_of_windows,
    said_of_windows,
)
from msfser.prediction.speech_texts import SpeechTexts, find_texts
from msfser.semantics.alignment_tiers import TIERS_IN_ORDER
from msfser.semantics.text_encoder import TextEncoder, load_text_encoder

_AT_ONCE = 32  # recordings held in memory


@dataclass(frozen=True, eq=False)
class _Heard:
    """A recording that could be read, its texts, and the windows that it is cut into."""

    speech: SpeechFile
    windows: list[Samples]
    texts: SpeechTexts
    notes: tuple[str, ...]


class _Windows:
    """Gives the windows of all recordings by their number, as a reader of clips does."""

    def __init__(self, windows: Sequence[Samples]) -> None:
        self._windows = windows

    def read(self, wav: Path) -> Samples:
        """Give the samples of a window."""
        return self._windows[int(wav.name)]


def predict_speech(
    model: MsfSer,
    recordings: Sequence[SpeechFile],
    *,
    encoder: TextEncoder | None = None,
    find: Callable[[SpeechFile], SpeechTexts] = find_texts,
    window_s: float = LONGEST_S,
    clamped: bool = False,
    keep_embeddings: bool = False,
    watch: Watch = no_watch,
) -> list[SpeechPrediction]:
    """Predict valence, arousal and dominance of recordings.

    A recording that cannot be used costs itself alone. A text that is missing is replaced by the
    null vector that the model learned for it.

    Parameters
    ----------
    model : MsfSer
        On any device, where it stays.
    recordings : sequence of SpeechFile
    encoder : TextEncoder, optional
        The one that the model learned from; without it, no text is read.
    find : function
        Gives the texts of a recording.
    window_s : float
        Longer recordings are cut into windows of equal length, up to this.
    clamped : bool
        Bring values outside the rating scale to its nearer end.
    keep_embeddings : bool
    watch : function
        Called with how many recordings are done, and of how many.

    Returns
    -------
    list of SpeechPrediction
        One a recording, in their order.
    """
    if encoder is not None:
        check_encoder(model, encoder)
    predictions: list[SpeechPrediction] = []
    watch(0, len(recordings))
    for start in range(0, len(recordings), _AT_ONCE):
        heard: list[_Heard | SpeechPrediction] = []
        for speech in recordings[start : start + _AT_ONCE]:
            try:
                heard.append(_hear(model, speech, find(speech), window_s, encoder is None))
            except LemfError as error:
                heard.append(SpeechPrediction(wav=speech.wav, reason=str(error)))
        usable = [one for one in heard if isinstance(one, _Heard)]
        said = iter(_predict(model, usable, encoder, clamped, keep_embeddings))
        predictions += [next(said) if isinstance(one, _Heard) else one for one in heard]
        watch(len(predictions), len(recordings))
    return predictions


def predict_files(
    model: MsfSer | str | Path, files: Sequence[str | Path], *, voice_alone: bool = False
) -> list[SpeechPrediction]:
    """Predict recordings with what lies beside them; `predict_speech` has all options.

    Parameters
    ----------
    model : MsfSer, str or Path
        A model, or where it lies: the folder of a run or of a model, or a name on the hub.
    files : sequence of (str or Path)
        As in `find_speech`.
    voice_alone : bool
        Read no texts.

    Raises
    ------
    MsfserError
        There is no such model, no recording, or the text encoder cannot be loaded.

    Examples
    --------
    >>> (said,) = predict_files("RUN", ["talk.wav"])  # doctest: +SKIP
    >>> said.whole.values  # doctest: +SKIP
    array([5.44, 3.95, 2.78])
    """
    if not isinstance(model, MsfSer):
        model = MsfSer.from_pretrained(model_folder(str(model)))
    recordings = find_speech([Path(file) for file in files])
    encoder = None
    if not voice_alone and any(one.has_text for one in recordings):
        encoder = load_encoder(model)
    find = partial(find_texts, tiers_in_order=model.facts.corpus in TIERS_IN_ORDER)
    return predict_speech(model, recordings, encoder=encoder, find=find)


def load_encoder(model: MsfSer, name: str | None = None) -> TextEncoder | None:
    """Load the text encoder that a model learned from; None for a model that reads no texts.

    Parameters
    ----------
    model : MsfSer
    name : str, optional
        Where the encoder lies, if not where it lay in training.

    Raises
    ------
    DataError
        It cannot be loaded, or is another one.
    """
    if not model.config.semantics:
        return None
    device = next(model.parameters()).device.type
    try:
        encoder = load_text_encoder(name or model.facts.text_encoder, device)
    except (SemanticsError, CheckpointError) as error:
        raise DataError(f"{error}; name it with --encoder, or use --no-texts") from error
    check_encoder(model, encoder)
    return encoder


def check_encoder(model: MsfSer, encoder: TextEncoder) -> None:
    """Refuse an encoder that the model did not learn from.

    Raises
    ------
    DataError
        It is another one.
    """
    facts, about = model.facts, encoder.about
    known = facts.text_encoder_revision
    if about.dim != model.config.text_dim or (known and about.revision != known):
        raise DataError(
            f"encoder {about.name} ({about.revision[:8]}): the model learned from the texts of "
            f"{facts.text_encoder} ({known[:8]}); name that with --encoder"
        )


def _hear(
    model: MsfSer,
    speech: SpeechFile,
    texts: SpeechTexts,
    window_s: float,
    voice_alone: bool,
) -> _Heard:
    facts = model.facts
    clip = read_clip(speech.wav)
    statistics = WaveStatistics(facts.wave_mean, facts.wave_std)
    samples = normalise(clip.samples, facts.wave_norm, statistics)
    texts = texts.only(() if voice_alone else model.config.semantics)
    missing = [name for name in model.config.semantics if texts.of(name) is None]
    notes = [*clip.notes, *texts.notes]
    if missing:
        notes.append(f"no {', '.join(name.upper() for name in missing)}: null vector")
    n_windows = max(1, -(-len(samples) // int(window_s * RATE_HZ)))
    return _Heard(speech, np.array_split(samples, n_windows), texts, tuple(notes))


def _predict(
    model: MsfSer,
    heard: Sequence[_Heard],
    encoder: TextEncoder | None,
    clamped: bool,
    keep_embeddings: bool,
) -> list[SpeechPrediction]:
    windows = [window for one in heard for window in one.windows]
    if not windows:
        return []
    owners = np.repeat(np.arange(len(heard)), [len(one.windows) for one in heard])
    texts, present = _encode(model, [one.texts for one in heard], encoder)
    examples = Examples(
        ids=[str(number) for number in range(len(windows))],
        wavs=[Path(str(number)) for number in range(len(windows))],
        n_samples=np.array([len(window) for window in windows], dtype=np.int64),
        labels=np.full((len(windows), len(DIMENSIONS)), np.nan, dtype=np.float32),
        texts={name: vectors[owners] for name, vectors in texts.items()},
        present={name: there[owners] for name, there in present.items()},
    )
    outputs = run_model(
        model,
        examples,
        _Windows(windows),
        device=next(model.parameters()).device,
        longest_s=max(map(len, windows)) / RATE_HZ + 1,
        keep_embeddings=keep_embeddings,
    )
    names, bounds = expert_names(model), model.facts.label_bounds
    predictions = []
    for place, one in enumerate(heard):
        rows = np.flatnonzero(owners == place)
        said = said_of_windows(outputs, rows, [len(w) for w in one.windows], bounds, names)
        whole = mean_of_windows(said, bounds)
        if not np.isfinite(whole.values).all():
            reason = f"{one.speech.wav}: the model gives values that are not finite; train it anew"
            predictions.append(SpeechPrediction(wav=one.speech.wav, reason=reason))
            continue
        if clamped:
            said, whole = [clamp(own, bounds) for own in said], clamp(whole, bounds)
        predictions.append(
            SpeechPrediction(
                wav=one.speech.wav,
                whole=whole,
                windows=tuple(said),
                texts=one.texts,
                notes=one.notes,
            )
        )
    return predictions


def _encode(
    model: MsfSer, texts: Sequence[SpeechTexts], encoder: TextEncoder | None
) -> tuple[dict[Semantic, NDArray[np.float32]], dict[Semantic, NDArray[np.bool_]]]:
    """Give the vectors of the texts that there are, and which there are."""
    vectors: dict[Semantic, NDArray[np.float32]] = {}
    present: dict[Semantic, NDArray[np.bool_]] = {}
    for name in model.config.semantics:
        found = [None if encoder is None else own.of(name) for own in texts]
        present[name] = np.array([text is not None for text in found])
        vectors[name] = np.zeros((len(texts), model.config.text_dim), dtype=np.float32)
        for place, text in enumerate(found):
            if encoder is not None and text is not None:  # one by one: no padding, no noise
                mean, cls = encoder.encode([text])
                vectors[name][place] = (mean if model.config.text_pooling == "mean" else cls)[0]
    return vectors, present
