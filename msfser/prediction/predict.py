"""Valence, arousal and dominance of any recordings, on the scale that the model learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Failure, attempt
from msfser.config.settings import WINDOW_S, Semantic
from msfser.data.clips import Samples, WaveStatistics, normalise, read_clip
from msfser.data.contours import measure_contours
from msfser.data.examples import Examples, Float32Array
from msfser.data.windows import cut_windows
from msfser.errors import CheckpointError, DataError, SemanticsError
from msfser.evaluation.inference import check_dropout, mean_over_windows, run_windows
from msfser.evaluation.runs import expert_names, model_folder
from msfser.manifest import DIMENSIONS
from msfser.model.folder import check_text_encoder
from msfser.model.msf_ser import MsfSer
from msfser.prediction.speech_files import SpeechFile, find_speech
from msfser.prediction.speech_predictions import SpeechPrediction, clamp, window_prediction
from msfser.prediction.speech_texts import SpeechTexts, find_texts
from msfser.semantics.alignment_tiers import TIERS_IN_ORDER
from msfser.semantics.text_encoder import TextEncoder, load_text_encoder

_AT_ONCE = 32  # recordings held in memory


@dataclass(frozen=True, eq=False)
class _Readable:
    """A recording that can be used, with its standardised samples, its texts and its contours."""

    wav: Path
    samples: Samples
    texts: SpeechTexts
    notes: tuple[str, ...]
    contours: Float32Array | None = None


def predict_speech(
    model: MsfSer,
    recordings: Sequence[SpeechFile],
    *,
    encoder: TextEncoder | None = None,
    find: Callable[[SpeechFile], SpeechTexts] = find_texts,
    window_s: float = WINDOW_S,
    clamped: bool = False,
    keep_embeddings: bool = False,
    dropout_passes: int = 0,
    watch: Watch = no_watch,
) -> list[SpeechPrediction]:
    """Predict valence, arousal and dominance of recordings.

    A recording that cannot be used does not stop the others. A missing text is replaced by
    the null vector that the model learned for it.

    Parameters
    ----------
    model : MsfSer
        On any device, where it stays.
    recordings : sequence of SpeechFile
    encoder : TextEncoder, optional
        The encoder that the model learned from; without it, no text is read.
    find : function
        Returns the texts of a recording.
    window_s : float
        Longer recordings are cut into windows of equal length, up to this.
    clamped : bool
        Clip values to the rating scale.
    keep_embeddings : bool
    dropout_passes : int
        Passes of MC dropout, whose mean is the prediction; 0 predicts once, without dropout.
    watch : function
        Called with the number of recordings done, and the total.

    Returns
    -------
    list of SpeechPrediction
        One per recording, in their order.

    Raises
    ------
    CheckpointError
        `encoder` is not the one that the model learned from.
    ConfigError
        As `check_dropout`.
    """
    check_dropout(model, dropout_passes)
    if encoder is not None:
        _check_encoder(model, encoder)

    def read_speech(speech: SpeechFile) -> _Readable:
        return _read(model, speech, find(speech), voice_alone=encoder is None)

    predictions: list[SpeechPrediction] = []
    watch(0, len(recordings))
    for start in range(0, len(recordings), _AT_ONCE):
        read: list[_Readable | SpeechPrediction] = []
        for speech in recordings[start : start + _AT_ONCE]:
            found = attempt(read_speech, speech, ends_run=(torch.OutOfMemoryError,))
            if isinstance(found, Failure):
                read.append(SpeechPrediction(wav=speech.wav, reason=found.reason))
            else:
                read.append(found)
        readable = [one for one in read if isinstance(one, _Readable)]
        predicted = iter(
            _predict(model, readable, encoder, window_s, clamped, keep_embeddings, dropout_passes)
        )
        predictions += [next(predicted) if isinstance(one, _Readable) else one for one in read]
        watch(len(predictions), len(recordings))
    return predictions


def predict_files(
    model: MsfSer | str | Path, files: Sequence[str | Path], *, voice_alone: bool = False
) -> list[SpeechPrediction]:
    """Predict recordings from voice and texts; `predict_speech` has all options.

    Parameters
    ----------
    model : MsfSer, str or Path
        A model, the folder of a run or of a model, or a name on the hub.
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
    >>> (prediction,) = predict_files("RUN", ["talk.wav"])  # doctest: +SKIP
    >>> prediction.whole.values  # doctest: +SKIP
    array([5.44, 3.95, 2.78])
    """
    if not isinstance(model, MsfSer):
        model = MsfSer.from_pretrained(model_folder(str(model)))
    recordings = find_speech([Path(file) for file in files])
    encoder = None
    if not voice_alone and any(one.has_text for one in recordings):
        encoder = load_encoder(model)
    find = partial(
        find_texts,
        tiers_in_order=model.facts.corpus in TIERS_IN_ORDER,
        les_settings=model.facts.les,
    )
    return predict_speech(model, recordings, encoder=encoder, find=find)


def load_encoder(model: MsfSer, name: str | None = None) -> TextEncoder | None:
    """Load the text encoder that a model learned from; None for a model that reads no texts.

    Parameters
    ----------
    model : MsfSer
    name : str, optional
        Folder or name of the encoder, if it is not where it was in training.

    Raises
    ------
    MsfserError
        The encoder cannot be loaded, or is not the one that the model learned from.
    """
    if not model.config.semantics:
        return None
    device = next(model.parameters()).device.type
    try:
        encoder = load_text_encoder(name or model.facts.text_encoder, device)
    except (SemanticsError, CheckpointError) as error:
        raise DataError(f"{error}; name it with --encoder, or use --no-texts") from error
    _check_encoder(model, encoder)
    return encoder


def _check_encoder(model: MsfSer, encoder: TextEncoder) -> None:
    about = encoder.about
    check_text_encoder(
        model.config, model.facts, name=about.name, revision=about.revision, dim=about.dim
    )


def _read(model: MsfSer, speech: SpeechFile, texts: SpeechTexts, *, voice_alone: bool) -> _Readable:
    """Read a recording, keep the texts that the model reads, and note the missing ones."""
    facts = model.facts
    clip = read_clip(speech.wav)
    statistics = WaveStatistics(facts.wave_mean, facts.wave_std)
    samples = normalise(clip.samples, facts.wave_norm, statistics)
    texts = texts.only(() if voice_alone else model.config.semantics)
    missing = [name.upper() for name in model.config.semantics if texts.of(name) is None]
    notes = [*filter(None, [facts.unlearned_note]), *clip.notes, *texts.notes]
    if missing:
        notes.append(f"no {', '.join(missing)}: null vector")
    untrained = {name.upper() for name in model.null_vectors.untrained}
    if doubtful := [name for name in missing if name in untrained]:
        notes.append(
            f"the null vector of {', '.join(doubtful)} is untrained, zero as before "
            "training, so what the model predicts without is a guess"
        )
    reads_contours = model.config.contours != "none"
    contours = measure_contours(speech.wav) if reads_contours else None
    return _Readable(speech.wav, samples, texts, tuple(notes), contours)


def _predict(
    model: MsfSer,
    readable: Sequence[_Readable],
    encoder: TextEncoder | None,
    window_s: float,
    clamped: bool,
    keep_embeddings: bool,
    dropout_passes: int,
) -> list[SpeechPrediction]:
    """Predict recordings that can be used; values that are not finite make a failure."""
    # Predict each window, and average over the windows
    n_samples = np.array([len(one.samples) for one in readable], dtype=np.int64)
    windows = cut_windows(n_samples, window_s)
    texts, present = _encode(model, [one.texts for one in readable], encoder)
    samples = {one.wav: one.samples for one in readable}
    contours = [one.contours for one in readable if one.contours is not None] or None
    of_windows = run_windows(
        model,
        Examples(
            ids=[str(one.wav) for one in readable],
            wavs=[one.wav for one in readable],
            n_samples=n_samples,
            labels=np.full((len(readable), len(DIMENSIONS)), np.nan, dtype=np.float32),
            texts=texts,
            present=present,
            contours=contours,
        ),
        windows,
        samples.__getitem__,
        device=next(model.parameters()).device,
        keep_embeddings=keep_embeddings,
        dropout_passes=dropout_passes,
    )
    of_recordings = mean_over_windows(of_windows, windows)

    # Convert to the scale of the corpus
    names, facts, bounds = expert_names(model), model.facts, model.facts.label_bounds
    learned = [name in facts.learned for name in DIMENSIONS]
    predictions = []
    for place, one in enumerate(readable):
        whole = window_prediction(of_recordings, place, (0, len(one.samples)), facts, names)
        if not np.isfinite(whole.values[learned]).all():
            reason = f"{one.wav}: the model predicts values that are not finite; train it again"
            predictions.append(SpeechPrediction(wav=one.wav, reason=reason))
            continue
        parts = [
            window_prediction(
                of_windows, row, (windows.starts[row], windows.stops[row]), facts, names
            )
            for row in np.flatnonzero(windows.recordings == place).tolist()
        ]
        if clamped:
            whole, parts = clamp(whole, bounds), [clamp(part, bounds) for part in parts]
        predictions.append(
            SpeechPrediction(
                wav=one.wav, whole=whole, windows=tuple(parts), texts=one.texts, notes=one.notes
            )
        )
    return predictions


def _encode(
    model: MsfSer, texts: Sequence[SpeechTexts], encoder: TextEncoder | None
) -> tuple[dict[Semantic, NDArray[np.float32]], dict[Semantic, NDArray[np.bool_]]]:
    """Encode the texts; return the vectors, and which of the texts are not missing."""
    vectors: dict[Semantic, NDArray[np.float32]] = {}
    present: dict[Semantic, NDArray[np.bool_]] = {}
    for name in model.config.semantics:
        found = [None if encoder is None else one.of(name) for one in texts]
        present[name] = np.array([text is not None for text in found], dtype=np.bool_)
        vectors[name] = np.zeros((len(texts), model.config.text_dim), dtype=np.float32)
        for place, text in enumerate(found):
            if encoder is not None and text is not None:  # one by one, without padding
                mean, cls = encoder.encode([text])
                vectors[name][place] = (mean if model.config.text_pooling == "mean" else cls)[0]
    return vectors, present
