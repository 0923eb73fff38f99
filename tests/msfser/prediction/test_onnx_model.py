"""Models in ONNX against the same models in torch: alone, with texts, in windows.

One export serves all tests: it takes seconds, which torch spends on its graph.
"""

import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")
torch = pytest.importorskip("torch")

from msfser import MsfSer, OnnxModel, open_features  # noqa: E402
from msfser.commands.cli import main  # noqa: E402
from msfser.data.clips import read_clip  # noqa: E402
from msfser.data.contours import measure_contours  # noqa: E402
from msfser.errors import CheckpointError, DataError  # noqa: E402

AS_TORCH = 1e-4
PARTS = {"output": "evidence", "contours": "cross_attention", "layer_sum": True, "lora_rank": 2}


def call(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def exported(make_run, tmp_path_factory):
    """A run of a model with all its parts, and the folder of its export."""
    folder = tmp_path_factory.mktemp("onnx")
    run = make_run(folder / "run", **PARTS)
    result = call("export", run, "-o", folder / "onnx", "--onnx")
    assert result.exit_code == 0, result.output
    assert "model.onnx" in result.stderr
    return run, folder / "onnx"


def test_a_recording_and_its_texts(exported, corpus):
    run, folder = exported
    features, wav = open_features(corpus), corpus / "08.wav"
    vectors = {name: features.vectors(["u08"], name)[0] for name in ("gs", "les")}
    model = MsfSer.from_pretrained(run / "best")
    samples = torch.from_numpy(read_clip(wav).samples / np.float32(0.1))[None]
    missing = torch.zeros(1, 16)
    with torch.no_grad():
        said = model(
            samples, torch.ones_like(samples, dtype=torch.bool),
            {**{name: torch.from_numpy(v) for name, v in vectors.items()}, "es": missing},
            {name: torch.tensor([name != "es"]) for name in ("gs", "les", "es")},
            contours=torch.from_numpy(measure_contours(wav))[None],
        )  # fmt: skip
    onnx = OnnxModel(folder)
    assert onnx.texts == ("gs", "les", "es")
    found = onnx.predict(wav, {name: vector[0] for name, vector in vectors.items()})
    expected = said.values[0].numpy() * 6 + 1
    np.testing.assert_allclose(found["values"], expected, rtol=0, atol=AS_TORCH)
    np.testing.assert_allclose(found["h_audio"], said.embedding[0], rtol=0, atol=AS_TORCH)
    for kind in ("aleatoric", "epistemic"):
        deviation = np.sqrt(getattr(said.evidence, kind)[0].numpy()) * 6
        np.testing.assert_allclose(found[kind], deviation, rtol=1e-3)
    without = onnx.predict(wav)["values"]
    assert np.abs(without - found["values"]).max() > 10 * AS_TORCH  # texts count
    with pytest.raises(DataError, match=r"model.onnx: text 'gp': the model reads gs, les, es"):
        onnx.predict(wav, {"gp": vectors["gs"][0]})


def test_a_long_recording_in_windows_by_the_voice_alone(exported, tmp_path):
    run, folder = exported
    noise = np.random.default_rng(0).normal(0, 0.1, 31 * 16_000)
    soundfile.write(tmp_path / "long.wav", noise, 16_000)
    result = call("predict", run, tmp_path / "long.wav", "--no-texts", "--format", "json")
    assert result.exit_code == 0, result.output
    (torch_says,) = json.loads(result.stdout)["recordings"]
    found = OnnxModel(folder, voice_alone=True).predict(tmp_path / "long.wav")
    for place, name in enumerate(("valence", "arousal", "dominance")):
        assert found["values"][place] == pytest.approx(torch_says[name], abs=AS_TORCH)


def test_it_runs_without_torch(exported, corpus):
    code = (
        "import sys; from msfser import OnnxModel; "
        f"OnnxModel({str(exported[1])!r}).predict({str(corpus / '08.wav')!r}); "
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_no_model_is_refused_in_one_line(exported, tmp_path):
    run, folder = exported
    again = call("export", run, "-o", folder, "--onnx")
    assert again.exit_code == 1
    assert "--force" in again.stderr or "exists" in again.stderr
    with pytest.raises(CheckpointError, match=r"onnx.json: cannot be read as JSON"):
        OnnxModel(tmp_path)
    (tmp_path / "onnx.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"onnx.json: not what msfser export --onnx writes"):
        OnnxModel(tmp_path)
    (tmp_path / "onnx.json").write_text((folder / "onnx.json").read_text())
    with pytest.raises(CheckpointError, match=r"model.onnx: no such file; write it with msfser"):
        OnnxModel(tmp_path)
    (tmp_path / "voice.onnx").write_bytes(b"no model")
    with pytest.raises(CheckpointError, match=r"voice.onnx: damaged or no ONNX file"):
        OnnxModel(tmp_path, voice_alone=True)
