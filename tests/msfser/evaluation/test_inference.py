"""Long recordings in windows: the cut, the mean, and that all commands take the same."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from msfser.commands.cli import main  # noqa: E402
from msfser.data.clips import read_clip  # noqa: E402
from msfser.data.examples import Examples  # noqa: E402
from msfser.evaluation.inference import (  # noqa: E402
    Outputs,
    cut_windows,
    mean_over_windows,
    run_model,
    run_windows,
)
from msfser.evaluation.prediction_table import read_predictions  # noqa: E402
from msfser.evaluation.runs import make_reader  # noqa: E402
from msfser.manifest import read_manifest, write_manifest  # noqa: E402
from msfser.model.msf_ser import MsfSer  # noqa: E402
from msfser.model.prediction import Prediction  # noqa: E402
from msfser.prediction.predict import predict_speech  # noqa: E402
from msfser.prediction.speech_files import SpeechFile  # noqa: E402

RATE_HZ = 16_000
CPU = torch.device("cpu")
FLOAT64 = 1e-12
FP32 = 1e-5
N_LONG = 1_000_001  # samples: three windows, of which no two pairs are of one length


@pytest.fixture(scope="module")
def long_wav(tmp_path_factory):
    path = tmp_path_factory.mktemp("long") / "long.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, N_LONG), RATE_HZ)
    return path


def test_a_long_recording_is_cut_into_windows_of_equal_length():
    windows = cut_windows(np.array([1_000_000, 480_000, 480_001]))
    assert windows.recordings.tolist() == [0, 0, 0, 1, 2, 2]
    assert windows.starts.tolist() == [0, 333_333, 666_666, 0, 0, 240_000]
    assert windows.stops.tolist() == [333_333, 666_666, 1_000_000, 480_000, 240_000, 480_001]
    assert len(cut_windows(np.array([], dtype=np.int64)).recordings) == 0


@given(st.lists(st.integers(4000, 10**8), min_size=1, max_size=9), st.floats(1.0, 60.0))
def test_windows_are_the_fewest_that_cover_all(n_samples, window_s):
    windows = cut_windows(np.array(n_samples), window_s)
    for place, n in enumerate(n_samples):
        own = windows.recordings == place
        starts, stops = windows.starts[own], windows.stops[own]
        assert [starts[0], stops[-1]] == [0, n]
        np.testing.assert_array_equal(starts[1:], stops[:-1])
        lengths = windows.lengths[own]
        assert lengths.max() - lengths.min() <= 1
        assert lengths.max() <= int(window_s * RATE_HZ)
        assert n > (len(lengths) - 1) * int(window_s * RATE_HZ)


def test_windows_are_averaged_by_their_lengths():
    windows = replace(cut_windows(np.array([4, 5]), 1.0), recordings=np.array([0, 0, 1]))
    windows = replace(windows, starts=np.array([0, 1, 0]), stops=np.array([1, 4, 5]))
    values = np.array([[1.0, 2.0, 3.0], [5.0, 6.0, 7.0], [0.1, 0.2, 0.3]])
    rows = Outputs(values, values[:, 0], values[:, None, :], np.float32(values[:, :2]))
    mean = mean_over_windows(rows, windows)
    expected = np.array([[4.0, 5.0, 6.0], [0.1, 0.2, 0.3]])
    np.testing.assert_allclose(mean.values, expected, rtol=0, atol=FLOAT64)
    np.testing.assert_allclose(mean.gate, expected[:, 0], rtol=0, atol=FLOAT64)
    np.testing.assert_allclose(mean.expert_values[:, 0], expected, rtol=0, atol=FLOAT64)
    np.testing.assert_allclose(mean.embeddings, expected[:, :2], rtol=0, atol=FP32)
    assert mean.embeddings.dtype == np.float32
    without = mean_over_windows(Outputs(values, None, None, None), windows)
    assert (without.gate, without.expert_values, without.embeddings) == (None, None, None)


class MeanOfSamples(torch.nn.Module):
    """A model that says the mean of what it hears."""

    def forward(self, waveforms, sample_mask, texts, present, *, contours=None):
        mean = (waveforms * sample_mask).sum(dim=1, keepdim=True) / sample_mask.sum(1, True)
        return Prediction(
            values=mean.expand(-1, 3),
            gate=None,
            routing=None,
            expert_values=None,
            embedding=mean,
            outputs=mean.expand(-1, 3),
        )


def test_windows_count_by_their_lengths():
    """The mean of what is heard is the mean of a long clip, too."""
    samples = np.array([9, 0, 3, 6, 12], dtype=np.float32)  # in windows of 1, 2 and 2 samples
    examples = Examples(["u"], ["u.wav"], np.array([5]), np.full((1, 3), np.nan), {}, {})
    windows = cut_windows(examples.n_samples, 2.5 / RATE_HZ)
    rows = run_windows(
        MeanOfSamples(), examples, windows, lambda _: samples, device=CPU, keep_embeddings=True
    )
    assert rows.values[:, 0].tolist() == [9, 1.5, 9]
    outputs = mean_over_windows(rows, windows)
    np.testing.assert_allclose(outputs.values, [[6.0, 6.0, 6.0]], rtol=0, atol=1e-6)
    np.testing.assert_allclose(outputs.embeddings, [[6.0]], rtol=0, atol=1e-6)


def test_a_recording_is_read_for_its_windows_of_one_length_once():
    n_samples = np.array([3_200_003, 3_200_003, 8000, 2_000_000])  # 7, 7, 1 and 5 windows
    wavs = [Path(str(place)) for place in range(4)]
    samples = [np.full(n, place, dtype=np.float32) for place, n in enumerate(n_samples)]
    read = []
    examples = Examples(
        [wav.name for wav in wavs], wavs, n_samples, np.zeros((4, 3), np.float32), {}, {}
    )
    outputs = run_model(
        MeanOfSamples(),
        examples,
        lambda wav: read.append(wav) or samples[int(wav.name)],
        device=CPU,
    )
    np.testing.assert_allclose(outputs.values[:, 0], range(4), rtol=0, atol=1e-5)
    assert len(read) <= 2 + 2 + 1 + 1  # windows differ by a sample at most


def make_examples(wav, n_samples):
    texts = {name: np.zeros((1, 16), dtype=np.float32) for name in ("gs", "les", "es")}
    present = {name: np.zeros(1, dtype=np.bool_) for name in texts}
    labels = np.zeros((1, 3), dtype=np.float32)
    return Examples(["long"], [wav], np.array([n_samples]), labels, texts, present)


def test_evaluation_and_prediction_are_equal_to_the_last_bit(run_folder, long_wav):
    model = MsfSer.from_pretrained(run_folder / "best")
    read = make_reader(model).read
    outputs = run_model(model, make_examples(long_wav, N_LONG), read, device=CPU)
    (predicted,) = predict_speech(model, [SpeechFile(wav=long_wav)])
    assert len(predicted.windows) == 3
    np.testing.assert_array_equal(predicted.whole.values, outputs.values[0] * 6 + 1)
    assert predicted.whole.gate == outputs.gate[0]
    for k, name in enumerate("ABC"):
        expected = outputs.expert_values[0, k] * 6 + 1
        np.testing.assert_array_equal(predicted.whole.experts[name], expected)


def test_windows_are_predicted_from_their_own_samples(run_folder, long_wav):
    model = MsfSer.from_pretrained(run_folder / "best")
    (predicted,) = predict_speech(model, [SpeechFile(wav=long_wav)])
    samples = read_clip(long_wav).samples / np.float32(model.facts.wave_std)
    edges = [0, N_LONG // 3, 2 * N_LONG // 3, N_LONG]
    for window, start, stop in zip(predicted.windows, edges, edges[1:], strict=False):
        assert (window.start_s, window.end_s) == (start / RATE_HZ, stop / RATE_HZ)
        alone = run_model(
            model,
            make_examples(Path("piece"), stop - start),
            {Path("piece"): samples[start:stop]}.__getitem__,
            device=CPU,
        )
        np.testing.assert_allclose(window.values, alone.values[0] * 6 + 1, rtol=0, atol=1e-4)


def test_the_commands_give_the_same_numbers(make_run, corpus, long_wav, tmp_path):
    run = make_run(tmp_path / "run", semantics=(), intra="none", fusion="none")
    manifest = read_manifest(corpus)
    row = replace(manifest.utterances[-1], wav=long_wav.name, alignment=None)
    (tmp_path / "data").mkdir()
    shutil.copy(long_wav, tmp_path / "data")
    write_manifest(
        tmp_path / "data" / "manifest.parquet",
        replace(manifest, utterances=(row,), root=tmp_path / "data"),
    )
    out = tmp_path / "evaluation"
    arguments = ["evaluate", str(run), "--data", str(tmp_path / "data"), "-o", str(out)]
    result = CliRunner().invoke(main, [*arguments, "--resamples", "1"])
    assert result.exit_code == 0, result.output
    predicted = CliRunner().invoke(main, ["predict", str(run), str(long_wav), "--format", "json"])
    assert predicted.exit_code == 0, predicted.output
    (recording,) = json.loads(predicted.stdout)["recordings"]
    (values,) = read_predictions(out / "predictions.parquet").values
    assert [recording[name] for name in ("valence", "arousal", "dominance")] == values.tolist()
