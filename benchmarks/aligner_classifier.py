"""Train the classifier that judges aligned words, lemf/aligner/acoustics/classifier.npz.

    LEMF_SPEECH_DATA=... python benchmarks/aligner_classifier.py

It learns from the frames of the speech of aligner_seed.py: phones measured by hand where there are
any, aligned ones elsewhere; each voice also with a shorter and a longer vocal tract. Needs torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise

import numpy as np
import torch
from aligner_seed import SEED, Utterance, find_measured, find_others, read_speech
from torch.nn import functional

from lemf.aligner.acoustics.classifier import (
    PhoneClassifier,
    phone_class,
    surround,
    unpack_classifier,
)
from lemf.aligner.acoustics.mfcc import measure_moments, standardise, warp
from lemf.aligner.acoustics.models import PhoneModels, pack_arrays, read_seed
from lemf.runtime.output import write_output

N_UNITS, N_PASSES, N_FRAMES = 128, 7, 1024  # of the hidden layers; over the frames; at once
INPUT_DROPOUT, DROPOUT, SMOOTHING, DECAY = 0.05, 0.2, 0.05, 1e-5
STEPS = (2e-3, 4e-3)  # at first, and the longest
TRACTS = (0.94, 1.0, 1.06)  # lengths of the vocal tract, relative to that of the models
OVERLAP = 2  # of the three lengths, in how many each frame is seen


def read_frames(
    measured: Sequence[Utterance], others: Sequence[Utterance], models: PhoneModels
) -> tuple[np.ndarray, list[str]]:
    """Return the surroundings of frames, (frames, 143) float32, and their classes."""
    features = {one.name: one.features() for one in [*measured, *others]}
    paths = chain(find_measured(measured, features, models), find_others(others, features, models))
    rows, names = [], []
    for one, (_, graph, path) in zip([*measured, *others], paths, strict=True):
        own = [phone_class(graph.names[unit]) for unit in graph.units[path]]
        cepstra = one.warped(models).cepstra
        for number, tract in enumerate(TRACTS):
            warped = warp(cepstra, tract)
            surroundings = surround(standardise(warped, measure_moments(warped)))
            for start in range(number, number + OVERLAP):
                kept = slice(start % len(TRACTS), None, len(TRACTS))
                rows.append(surroundings[kept].astype(np.float32))
                names += own[kept]
    return np.concatenate(rows), names


def train_classifier(
    measured: Sequence[Utterance], others: Sequence[Utterance], models: PhoneModels
) -> PhoneClassifier:
    """Train on what was measured by hand and on recordings of which only the text is known."""
    rows, names = read_frames(measured, others, models)
    classes, of_rows, counts = np.unique(names, return_inverse=True, return_counts=True)
    torch.manual_seed(0)
    sizes = [rows.shape[1], N_UNITS, N_UNITS, len(classes)]
    layers = [torch.nn.Linear(*size) for size in pairwise(sizes)]
    parts: list[torch.nn.Module] = [torch.nn.Dropout(INPUT_DROPOUT), layers[0]]
    for layer in layers[1:]:
        parts += [torch.nn.ReLU(), torch.nn.Dropout(DROPOUT), layer]
    network = torch.nn.Sequential(*parts)
    inputs, targets = torch.tensor(rows), torch.tensor(of_rows)
    n_steps = N_PASSES * (len(rows) // N_FRAMES)
    optimiser = torch.optim.Adam(network.parameters(), lr=STEPS[0], weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, STEPS[1], total_steps=n_steps + 1)
    for _ in range(N_PASSES):
        order = torch.randperm(len(rows))
        for start in range(0, len(rows) - N_FRAMES + 1, N_FRAMES):
            some = order[start : start + N_FRAMES]
            outputs = network(inputs[some])
            loss = functional.cross_entropy(outputs, targets[some], label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    weights = [layer.weight.detach().numpy().T for layer in layers]
    biases = [layer.bias.detach().numpy() for layer in layers]
    return unpack_classifier(pack_classifier(tuple(classes), counts / len(rows), weights, biases))


def pack_classifier(
    names: Sequence[str],
    priors: np.ndarray,
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
) -> bytes:
    """Convert a classifier to the bytes of a file in numpy's npz format."""
    arrays = {"names": np.array("\n".join(names)), "priors": priors.astype(np.float32)}
    for kind, of_layers in (("weights", weights), ("biases", biases)):
        for number, of_layer in enumerate(of_layers):
            arrays[f"{kind}{number}"] = of_layer.astype(np.float16)
    return pack_arrays(arrays)


if __name__ == "__main__":
    learnt = train_classifier(*read_speech(), read_seed())
    content = pack_classifier(learnt.names, learnt.priors, learnt.weights, learnt.biases)
    write_output(SEED.with_name("classifier.npz"), content, force=True)
    print(f"classifier.npz: {len(content)} bytes")
