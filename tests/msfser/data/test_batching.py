from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from msfser.config.settings import SEMANTICS
from msfser.data.batching import ClipReader, collate, silent_batch, sorted_batches
from msfser.data.clips import WaveStatistics
from msfser.data.examples import Examples
from msfser.model.wavlm.frames import count_frames
from msfser.training.steps.augmentation import (
    CROP,
    Augmentation,
    Masking,
    crop_start,
    draw_generator,
    draw_mask,
)
from msfser.training.steps.batches import TrainingBatches, load_steps
from msfser.training.steps.order import count_repeats, split_step, training_steps

NO_MASKS = Masking(0.0, 1, 0)
WAVLM_KERNELS, WAVLM_STRIDES = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)

lengths = st.lists(st.integers(4000, 480_000), min_size=1, max_size=200).map(np.array)


@given(lengths, st.integers(2, 40), st.integers(0, 10), st.integers(0, 5), st.integers(0, 5))
def test_every_utterance_is_dealt_once(n_samples, batch_size, mega_batches, seed, epoch):
    steps = training_steps(n_samples, batch_size, mega_batches, seed, epoch)
    dealt = np.concatenate(steps)
    np.testing.assert_array_equal(np.sort(dealt), np.arange(len(n_samples)))
    assert all(len(step) <= batch_size + 1 for step in steps)
    if len(n_samples) > 1:
        assert all(len(step) > 1 for step in steps)
    again = training_steps(n_samples, batch_size, mega_batches, seed, epoch)
    assert all(np.array_equal(a, b) for a, b in zip(steps, again, strict=True))


def test_each_epoch_and_seed_has_its_own_order():
    n_samples = np.full(100, 16000)
    orders = {
        tuple(np.concatenate(training_steps(n_samples, 8, 4, seed, epoch)))
        for seed in (0, 1)
        for epoch in (0, 1)
    }
    assert len(orders) == 4


def test_without_mega_batches_lengths_are_mixed_in_every_micro_batch():
    n_samples = np.random.default_rng(0).integers(44_000, 176_000, 3200)
    steps = training_steps(n_samples, 32, 0, 0, 0)
    spans = [np.ptp(n_samples[part]) for step in steps for part in split_step(step, 4)]
    assert min(spans) > 16_000  # 1 s, where a sorted corpus has 0.04 s
    sorted_steps = training_steps(n_samples, 32, 50, 0, 0)
    narrow = [np.ptp(n_samples[part]) for step in sorted_steps for part in split_step(step, 4)]
    assert np.median(narrow) < 1600


def test_mega_batches_save_padding():
    n_samples = np.random.default_rng(0).integers(44_000, 176_000, 3200)

    def useful(mega_batches):
        steps = training_steps(n_samples, 32, mega_batches, 0, 0)
        return n_samples.sum() / sum(n_samples[step].max() * len(step) for step in steps)

    assert useful(1) < 0.7
    assert useful(50) > 0.95


@given(st.integers(1, 64), st.integers(1, 8))
def test_a_step_is_cut_into_equal_parts(n, accumulation):
    parts = split_step(np.arange(n), accumulation)
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(n))
    assert len(parts) == min(n, accumulation)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@given(lengths, st.integers(1, 20), st.integers(1, 10**6))
def test_batches_for_prediction_hold_everything_within_bounds(n_samples, largest, longest):
    batches = sorted_batches(n_samples, largest, longest)
    np.testing.assert_array_equal(np.sort(np.concatenate(batches)), np.arange(len(n_samples)))
    for batch in batches:
        assert len(batch) <= largest
        assert len(batch) == 1 or n_samples[batch].max() * len(batch) <= longest


def test_no_utterance_no_batch():
    assert sorted_batches(np.array([], dtype=np.int64), 8, 100) == []


def test_frames_of_a_second():
    assert count_frames(16_000, WAVLM_KERNELS, WAVLM_STRIDES) == 49
    assert count_frames(400, WAVLM_KERNELS, WAVLM_STRIDES) == 1


def test_the_head_is_kept_or_a_part_that_chance_chooses():
    def start(*drawn, n_samples=100, crop="random"):
        return crop_start(n_samples, 40, crop, draw_generator(drawn[0], CROP, *drawn[1:]))

    assert start(0, 0, 0, 0, crop="head") == 0
    assert start(0, 0, 0, 0, n_samples=40) == 0
    for starts in (
        {start(0, epoch, 0, 0) for epoch in range(500)},
        {start(0, 0, 0, repeat) for repeat in range(500)},
    ):
        assert min(starts) == 0
        assert max(starts) == 60
    assert start(3, 2, 1, 1) == start(3, 2, 1, 1)


@given(st.integers(0, 300), st.floats(0, 1), st.integers(1, 20), st.integers(0, 100))
def test_masks_are_spans(n_frames, probability, length, seed):
    mask = draw_mask(n_frames, probability, length, 0, np.random.default_rng(seed))
    assert mask.shape == (n_frames,)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    assert all(edges[1::2] - edges[::2] >= length)
    if n_frames <= length:
        assert not mask.any()


def test_a_mask_starts_at_any_frame_from_the_first_to_the_last_that_fits():
    generator = np.random.default_rng(0)
    starts = [int(draw_mask(13, 1.0, 10, 0, generator).argmax()) for _ in range(2000)]
    np.testing.assert_allclose(np.bincount(starts) / 2000, [0.25] * 4, rtol=0, atol=0.05)


def test_masks_cover_their_share():
    generator = np.random.default_rng(0)
    covered = np.mean([draw_mask(300, 0.075, 10, 0, generator).mean() for _ in range(500)])
    assert covered == pytest.approx(0.075, abs=0.005)  # less what overlaps, 0.25 % of a clip


def test_a_short_clip_has_the_fewest_masks_that_fit():
    def spans(n_frames):
        mask = draw_mask(n_frames, 1e-6, 10, 2, np.random.default_rng(1))
        return int((np.diff(np.concatenate([[0], mask.astype(int)])) == 1).sum()), mask.sum()

    assert spans(10) == (0, 0)
    assert spans(19) == (1, 10)
    assert spans(400) == (2, 20)


def make_examples(wavs, n_samples=8000):
    n = len(wavs)
    return Examples(
        [f"u{i}" for i in range(n)],
        wavs,
        np.broadcast_to(n_samples, n),
        np.arange(3 * n, dtype=np.float32).reshape(n, 3),
        {"gs": np.arange(2 * n, dtype=np.float32).reshape(n, 2)},
        {"gs": np.arange(n) % 2 == 0},
    )


def test_a_batch_is_padded_and_keeps_rows_together():
    examples = make_examples([Path("a"), Path("b"), Path("c")])
    clips = [np.ones(5, dtype=np.float32), np.full(3, 2, dtype=np.float32)]
    masks = [np.array([True, False]), np.array([True])]
    batch, rows = silent_batch(examples, np.array([2, 0]), [5, 3], masks)
    assert not batch.waveforms.any()
    for row, clip in zip(rows, clips, strict=True):
        row[:] = clip
    assert torch.equal(batch.waveforms, collate(examples, np.array([2, 0]), clips).waveforms)
    assert batch.waveforms.tolist() == [[1, 1, 1, 1, 1], [2, 2, 2, 0, 0]]
    assert batch.sample_mask.sum(1).tolist() == [5, 3]
    assert batch.texts["gs"].tolist() == [[4, 5], [0, 1]]
    assert batch.present["gs"].tolist() == [True, True]
    assert batch.time_mask is not None
    assert batch.time_mask.tolist() == [[True, False], [True, False]]


def test_all_of_a_batch_is_pinned_and_moved(monkeypatch):
    examples = make_examples([Path("a"), Path("b")])
    batch, _ = silent_batch(examples, np.arange(2), [5, 5], [np.ones(2, dtype=np.bool_)] * 2)
    pinned = []
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda t: pinned.append(t) or t.clone())
    again = batch.pin_memory()
    assert len(pinned) == 5
    assert torch.equal(again.texts["gs"], batch.texts["gs"])
    moved = again.to(torch.device("meta"))
    tensors = [moved.waveforms, moved.sample_mask, moved.time_mask]
    tensors += [*moved.texts.values(), *moved.present.values()]
    assert all(tensor.is_meta for tensor in tensors)


def test_training_batches_do_not_depend_on_who_makes_them(write_wav):
    generator = np.random.default_rng(0)
    n_samples = (8000, 12000, 20000)
    wavs = [write_wav(generator.normal(0, 0.1, n), name=f"{n}.wav") for n in n_samples]
    examples = make_examples(wavs, n_samples)
    augmentation = Augmentation(
        longest=10_000,
        crop="random",
        time_masking=Masking(0.5, 3, 2),
        feature_masking=Masking(0.5, 2, 0),
        n_features=16,
        text_dropout=0.5,
        conv_kernels=WAVLM_KERNELS,
        conv_strides=WAVLM_STRIDES,
        seed=1,
    )
    micro_batches = [np.array([0, 2]), np.array([1])]

    def make(order, epoch=0):
        reader = ClipReader("global", WaveStatistics(0.0, 0.1))
        batches = TrainingBatches(
            examples, micro_batches, count_repeats(micro_batches), reader, augmentation, epoch
        )
        return {number: batches[number] for number in order}

    forwards, backwards, later = make([0, 1]), make([1, 0]), make([0, 1], epoch=1)
    for number in (0, 1):
        a, b = forwards[number], backwards[number]
        assert torch.equal(a.waveforms, b.waveforms)
        assert torch.equal(a.time_mask, b.time_mask)
        assert torch.equal(a.feature_mask, b.feature_mask)
        assert all(torch.equal(a.present[name], b.present[name]) for name in a.present)
    assert forwards[0].waveforms.shape == (2, 10_000)
    assert forwards[0].time_mask.shape == (2, count_frames(10_000, WAVLM_KERNELS, WAVLM_STRIDES))
    assert not torch.equal(forwards[0].waveforms[1], later[0].waveforms[1])
    assert forwards[0].waveforms.std() == pytest.approx(1.0, abs=0.1)  # standardised


def test_an_utterance_that_comes_again_has_another_crop_and_other_masks(write_wav):
    wav = write_wav(np.random.default_rng(0).normal(0, 0.1, 20_000))
    examples = make_examples([wav], (20_000,))
    augmentation = Augmentation(
        10_000, "random", Masking(0.5, 3, 2), Masking(0.5, 2, 0), 16, 0.0,
        WAVLM_KERNELS, WAVLM_STRIDES, 1,
    )  # fmt: skip
    steps = [np.array([0, 0]), np.array([0])]

    def rows(accumulation, n_ranks):
        """Return the clip and the masks of each time the utterance comes."""
        parts = []
        for rank in range(n_ranks):
            reader = ClipReader("none", WaveStatistics())
            loaded = load_steps(
                examples, steps, reader, augmentation, 0,
                accumulation=accumulation, rank=rank, n_ranks=n_ranks,
            )  # fmt: skip
            parts.append([step.batches for step in loaded])
        batches = [one for held in zip(*parts, strict=True) for part in held for one in part]
        named = ("waveforms", "time_mask", "feature_mask")
        return {name: torch.cat([getattr(batch, name) for batch in batches]) for name in named}

    one_process = rows(1, 1)
    for drawn in one_process.values():
        assert len(drawn) == 3
        assert len(torch.unique(drawn, dim=0)) == 3
    for drawn in (rows(2, 1), rows(2, 2)):
        for name in drawn:
            assert torch.equal(drawn[name], one_process[name])


def test_texts_are_dropped_at_their_rate(write_wav):
    wav = write_wav(np.random.default_rng(0).normal(0, 0.1, 8000))
    examples = make_examples([wav] * 400)
    text, all_there = examples.texts["gs"], np.ones(400, dtype=np.bool_)
    examples = replace(
        examples,
        texts=dict.fromkeys(SEMANTICS, text),
        present=dict.fromkeys(SEMANTICS, all_there),
    )
    augmentation = Augmentation(
        8000, "head", NO_MASKS, NO_MASKS, 16, 0.25, WAVLM_KERNELS, WAVLM_STRIDES, 0
    )
    reader = ClipReader("none", WaveStatistics())
    index = [np.arange(400)]
    batches = TrainingBatches(examples, index, count_repeats(index), reader, augmentation, 0)
    kept = torch.stack(list(batches[0].present.values())).double()
    assert kept.mean().item() == pytest.approx(0.75, abs=0.05)
    for a, b in ((0, 1), (0, 2), (1, 2)):  # each level of semantics by draws of its own
        assert not torch.equal(kept[a], kept[b])


def test_processes_share_the_micro_batches_of_every_step(write_wav):
    generator = np.random.default_rng(0)
    wavs = [write_wav(generator.normal(0, 0.1, 8000), name=f"{i}.wav") for i in range(7)]
    examples = make_examples(wavs)
    augmentation = Augmentation(
        8000, "head", NO_MASKS, NO_MASKS, 16, 0.0, WAVLM_KERNELS, WAVLM_STRIDES, 0
    )
    steps = [np.arange(4), np.array([6, 5, 4])]
    whole = ClipReader("none", WaveStatistics())
    place_of = {whole.read(wav)[:9].tobytes(): place for place, wav in enumerate(wavs)}
    seen = []
    for rank in (0, 1):
        reader = ClipReader("none", WaveStatistics())
        loaded = load_steps(
            examples, steps, reader, augmentation, 0,
            accumulation=4, rank=rank, n_ranks=2,
        )  # fmt: skip
        for step, index in zip(loaded, steps, strict=True):
            assert step.sizes == (1,) * len(index)
            np.testing.assert_array_equal(step.labels, examples.labels[index])
            seen.append(
                [place_of[batch.waveforms[0, :9].numpy().tobytes()] for batch in step.batches]
            )
    assert seen == [[0, 2], [6, 4], [1, 3], [5]]


def test_clips_are_kept_where_there_is_room(write_wav):
    wav = write_wav(np.random.default_rng(0).normal(0, 0.1, 8000))
    for kept_bytes in (0, 31_999, 32_000):  # a clip of 8,000 float32 has the last
        reader = ClipReader("none", WaveStatistics(), kept_bytes=kept_bytes)
        assert (reader.read(wav) is reader.read(wav)) == (kept_bytes == 32_000)


class Shared(torch.utils.data.Dataset):
    """Batches, and whether they were made in shared memory in the process that reads."""

    def __init__(self, batches):
        self.batches = batches

    def __getitem__(self, number):
        batch = self.batches[number]
        shared = [batch.waveforms, batch.sample_mask, batch.time_mask]
        return batch, [tensor.is_shared() for tensor in shared]


def test_reader_processes_hand_over_without_a_copy(write_wav):
    generator = np.random.default_rng(0)
    wavs = [write_wav(generator.normal(0, 0.1, 8000), name=f"{i}.wav") for i in range(4)]
    augmentation = Augmentation(
        6000, "random", Masking(0.5, 3, 2), NO_MASKS, 16, 0.0, WAVLM_KERNELS, WAVLM_STRIDES, 0
    )
    reader = ClipReader("global", WaveStatistics(0.0, 0.1), kept_bytes=0)
    index = [np.arange(2), np.arange(2, 4)]
    examples = make_examples(wavs)
    batches = TrainingBatches(examples, index, count_repeats(index), reader, augmentation, 0)
    loader = torch.utils.data.DataLoader(
        Shared(batches), batch_size=None, num_workers=1, sampler=[0, 1]
    )
    for number, (batch, shared) in enumerate(loader):
        assert shared == [True, True, True]
        here = batches[number]
        assert not here.waveforms.is_shared()
        assert torch.equal(batch.waveforms, here.waveforms)
        assert torch.equal(batch.sample_mask, here.sample_mask)
        assert torch.equal(batch.time_mask, here.time_mask)
