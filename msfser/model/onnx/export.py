"""A trained model as ONNX: files that onnxruntime runs, and what a program needs to know of them.

``model.onnx`` reads a clip and its texts, ``voice.onnx`` a clip alone, as if no text were there;
``onnx.json`` holds names, scales and the length of windows. A clip comes alone, without padding.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from lemf import MissingPackageError
from msfser.config.settings import RATE_HZ, SHORTEST_S, WINDOW_S
from msfser.errors import CheckpointError, first_line
from msfser.model.msf_ser import N_CONTOURS, MsfSer
from msfser.model.onnx.names import (
    FACTS_NAME,
    MODEL_NAME,
    OUTPUTS,
    PRESENT,
    UNCERTAINTIES,
    VOICE_NAME,
)
from msfser.outputs import prepare_folder, replace_output

_EXAMPLE_SAMPLES = 16_321  # of no special length
_CONTOUR_SAMPLES = 320


class _Exported(nn.Module):
    """A model whose inputs and outputs are tensors, in a fixed order."""

    def __init__(self, model: MsfSer, *, voice_alone: bool) -> None:
        super().__init__()
        self.model = model
        self.reads_texts = not voice_alone

    def forward(self, waveform: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        config, more = self.model.config, list(others)
        contours = more.pop(0) if config.contours != "none" else None
        missing = waveform.new_zeros(1, config.text_dim)
        absent = torch.zeros(1, dtype=torch.bool)
        texts, present = {}, {}
        for name in config.semantics:
            texts[name] = more.pop(0) if self.reads_texts else missing
            present[name] = more.pop(0) if self.reads_texts else absent
        inside = torch.ones_like(waveform, dtype=torch.bool)
        said = self.model(waveform, inside, texts, present, contours=contours)
        outputs = [said.values, said.embedding]
        if said.evidence is not None:
            outputs += [getattr(said.evidence, name) for name in UNCERTAINTIES]
        return tuple(outputs)


def input_names(model: MsfSer, *, voice_alone: bool) -> list[str]:
    """Return the inputs of a file in their order.

    ``waveform`` (1, samples) float32; ``contours`` (1, frames, 3) float32; for each text that the
    model reads, its vector (1, dim) float32 and ``..._present`` (1,) bool.
    """
    names = ["waveform"]
    if model.config.contours != "none":
        names.append("contours")
    if not voice_alone:
        for semantic in model.config.semantics:
            names += [semantic, semantic + PRESENT]
    return names


def output_names(model: MsfSer) -> list[str]:
    """Return the outputs: values (1, 3) from 0 to 1, h_audio, and the variances of evidence."""
    return [*OUTPUTS, *(UNCERTAINTIES if model.config.output == "evidence" else ())]


def write_onnx(model: MsfSer, folder: Path, *, force: bool = False) -> list[str]:
    """Write a model as ONNX into a folder; the model is changed by it, and used no more.

    Parameters
    ----------
    model : MsfSer
        On the CPU; LoRA is merged.
    folder : Path
        Made if missing.
    force : bool
        Whether existing files may be replaced.

    Returns
    -------
    list of str
        Names of the files.

    Raises
    ------
    CheckpointError
        torch cannot express the model in ONNX.
    lemf.LemfError
        The packages for ONNX are missing, or a file cannot be written or exists already.
    """
    _check_packages()
    model.merge_lora()
    model.eval().acoustic.for_onnx()
    kinds = {VOICE_NAME: True} | ({MODEL_NAME: False} if model.config.semantics else {})
    prepare_folder(folder, [*kinds, FACTS_NAME], force=force)
    for name, voice_alone in kinds.items():
        replace_output(folder / name, _export(model, voice_alone=voice_alone))
    facts = {
        "files": {
            name: {
                "inputs": input_names(model, voice_alone=voice_alone),
                "outputs": output_names(model),
            }
            for name, voice_alone in kinds.items()
        },
        "rate_hz": RATE_HZ,
        "shortest_s": SHORTEST_S,
        "window_s": WINDOW_S,
        "text_dim": model.config.text_dim,
        **{key: value for key, value in asdict(model.facts).items() if key != "les"},
    }
    replace_output(folder / FACTS_NAME, json.dumps(facts, indent=1).encode() + b"\n")
    return [*kinds, FACTS_NAME]


def _export(model: MsfSer, *, voice_alone: bool) -> bytes:
    """Convert a model; the bytes of the file."""
    exported = _Exported(model, voice_alone=voice_alone).eval()
    names = input_names(model, voice_alone=voice_alone)
    samples = frames = torch.export.Dim.DYNAMIC
    examples: dict[str, tuple[Tensor, dict[int, object] | None]] = {
        "waveform": (torch.randn(1, _EXAMPLE_SAMPLES), {1: samples}),
        "contours": (torch.randn(1, _EXAMPLE_SAMPLES // _CONTOUR_SAMPLES, N_CONTOURS), {1: frames}),
    }
    for name in names:
        if name.endswith(PRESENT):
            examples[name] = torch.ones(1, dtype=torch.bool), None
        elif name not in examples:  # one each: torch takes the same tensor for the same input
            examples[name] = torch.randn(1, model.config.text_dim), None
    chosen = [examples[name] for name in names]
    others = tuple(one[1] for one in chosen[1:])
    shapes = (chosen[0][1], others) if others else (chosen[0][1],)
    try:
        with _quiet(), torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
            program = torch.export.export(
                exported, tuple(one[0] for one in chosen), dynamic_shapes=shapes, strict=False
            )
            made = torch.onnx.export(
                program, (), dynamo=True, verbose=False, input_names=names,
                output_names=output_names(model),
            )  # fmt: skip
            if made is None:
                raise ValueError("no graph")
            content: bytes = made.model_proto.SerializeToString()  # at most 2 GB
    except Exception as error:  # torch and onnxscript raise errors of many types
        raise CheckpointError(
            f"the model cannot be written as ONNX ({first_line(error)}); use it with torch"
        ) from error
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the notes of torch on its parts, such as that torchvision is not installed."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _check_packages() -> None:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"{error.name} is missing, which --onnx needs: pip install 'lemf[onnx]'"
        ) from None
