"""A model that ``msfser export --onnx`` wrote, run by onnxruntime, without torch.

Recordings are standardised and cut into windows as in `predict_speech`, with the same result.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lemf import MissingPackageError
from lemf.runtime.input import read_text_input
from lemf.runtime.json_text import parse_json
from msfser.ccc import FloatArray
from msfser.data.clips import Samples, WaveStatistics, normalise, read_samples
from msfser.data.contours import cut_contours, measure_contours
from msfser.data.examples import Float32Array, unscale_deviations, unscale_labels
from msfser.data.windows import cut_windows
from msfser.errors import CheckpointError, DataError
from msfser.manifest import DIMENSIONS
from msfser.model.onnx.names import FACTS_NAME, MODEL_NAME, PRESENT, UNCERTAINTIES, VOICE_NAME

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class OnnxModel:
    """A model in ONNX, on the CPU.

    Parameters
    ----------
    folder : Path or str
        That ``msfser export --onnx`` wrote.
    voice_alone : bool
        Read no texts.

    Raises
    ------
    CheckpointError
        The folder holds no such model, or one that is damaged.
    lemf.MissingPackageError
        onnxruntime is not installed.
    """

    def __init__(self, folder: Path | str, *, voice_alone: bool = False) -> None:
        folder = Path(folder)
        self.facts = _read_facts(folder / FACTS_NAME)
        with_texts = MODEL_NAME in self.facts["files"] and not voice_alone
        self.path = folder / (MODEL_NAME if with_texts else VOICE_NAME)
        self._session = _open_session(self.path)
        self._inputs = [one.name for one in self._session.get_inputs()]

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts whose vectors the model reads."""
        return tuple(name.removesuffix(PRESENT) for name in self._inputs if name.endswith(PRESENT))

    def predict(
        self, wav: Path | str, texts: Mapping[str, Float32Array] | None = None
    ) -> dict[str, FloatArray]:
        """Predict valence, arousal and dominance of a recording.

        Parameters
        ----------
        wav : Path or str
        texts : mapping of str to (dim,) float32, optional
            Vectors of the texts by their names, such as ``"gs"``; a missing one is as in
            `MsfSer.forward`.

        Returns
        -------
        dict of str to float64
            ``"values"``, (3,), on the scale of the corpus; ``"h_audio"``; for a model of evidence
            the standard deviations ``"aleatoric"`` and ``"epistemic"``, (3,).

        Raises
        ------
        DataError
            The recording cannot be used, or a text is not one that the model reads.
        """
        texts = texts or {}
        if unknown := sorted({*texts} - {*self.texts}):
            names = ", ".join(self.texts) or "no texts"
            raise DataError(f"{self.path}: text {unknown[0]!r}: the model reads {names}")
        wav = Path(wav)
        statistics = WaveStatistics(self.facts["wave_mean"], self.facts["wave_std"])
        samples = normalise(read_samples(wav), self.facts["wave_norm"], statistics)
        contours = measure_contours(wav) if "contours" in self._inputs else None
        windows = cut_windows(np.array([len(samples)]), self.facts["window_s"])
        sums: dict[str, FloatArray] = {}
        for start, stop in zip(windows.starts.tolist(), windows.stops.tolist(), strict=True):
            found = self._run(samples[start:stop], start, contours, texts)
            for name, value in found.items():
                sums[name] = sums.get(name, 0.0) + value * (stop - start) / len(samples)
        bounds = self.facts["label_bounds"][0], self.facts["label_bounds"][1]
        unlearned = [name in self.facts.get("unlearned", ()) for name in DIMENSIONS]
        found = {name: _unscale(name, value, bounds) for name, value in sums.items()}
        for name in found.keys() & {"values", *UNCERTAINTIES}:
            found[name] = np.where(unlearned, np.nan, found[name])
        return found

    def _run(
        self,
        samples: Samples,
        start: int,
        contours: Float32Array | None,
        texts: Mapping[str, Float32Array],
    ) -> dict[str, FloatArray]:
        """Run the model on a window; its outputs by name, without the axis of the batch."""
        feed: dict[str, Any] = {"waveform": samples[None]}
        if contours is not None:
            feed["contours"] = cut_contours(contours, start, len(samples))[None]
        for name in self.texts:
            vector = texts.get(name)
            if vector is None:
                vector = np.zeros(self.facts["text_dim"], dtype=np.float32)
            feed[name] = np.asarray(vector, dtype=np.float32)[None]
            feed[name + PRESENT] = np.array([name in texts])
        names = [one.name for one in self._session.get_outputs()]
        outputs: list[Any] = self._session.run(None, feed)
        return {
            name: np.asarray(output[0], dtype=np.float64)
            for name, output in zip(names, outputs, strict=True)
        }


def _unscale(name: str, value: FloatArray, bounds: tuple[float, float]) -> FloatArray:
    if name in UNCERTAINTIES:
        return unscale_deviations(value, bounds)
    return unscale_labels(value, bounds) if name == "values" else value


def _open_session(path: Path) -> InferenceSession:
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise MissingPackageError(
            "onnxruntime is missing, which runs ONNX: pip install 'lemf[onnx]'"
        ) from None
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; write it with msfser export --onnx")
    try:
        return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises errors of its own many types
        raise CheckpointError(
            f"{path}: damaged or no ONNX file; write it with msfser export --onnx"
        ) from error


def _read_facts(path: Path) -> dict[str, Any]:
    try:
        content = parse_json(read_text_input(path, CheckpointError))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: cannot be read as JSON ({error}); write it with msfser export --onnx"
        ) from error
    keys = ("files", "wave_norm", "wave_mean", "wave_std", "window_s", "text_dim", "label_bounds")
    if not isinstance(content, dict) or not {*keys} <= content.keys():
        raise CheckpointError(f"{path}: not what msfser export --onnx writes; write it again")
    return dict(content)
