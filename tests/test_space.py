"""The page of examples/space, served and asked as a browser would, without a network."""

import json
import os
import runpy
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

gradio = pytest.importorskip("gradio")
httpx = pytest.importorskip("httpx")
pytest.importorskip("torch")

from msfser.config.model_facts import ModelFacts  # noqa: E402
from msfser.config.presets import PRESETS  # noqa: E402
from msfser.model.msf_ser import build_model  # noqa: E402

ROOT = Path(__file__).parents[1]
START_S = 300  # torch and gradio start in 10 s, or minutes where other work keeps the cores busy
REALLY = ROOT / "examples" / "really.wav"


@pytest.fixture(scope="module")
def app():
    return runpy.run_path(str(ROOT / "examples" / "space" / "app.py"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A run: the best model of random weights."""
    folder = tmp_path_factory.mktemp("run")
    facts = ModelFacts(label_bounds=(1.0, 5.0), corpus="own")
    build_model(PRESETS["voice"].model, facts).save_pretrained(folder / "best")
    return folder


def test_a_recording_is_predicted(app, model):
    import msfser

    loaded = msfser.MsfSer.from_pretrained(model / "best")
    rows, notes = app["predict"](loaded, str(REALLY), "")
    (found,) = msfser.predict_files(loaded, [REALLY], voice_alone=True)
    assert rows == [
        [name, f"{value:.2f}"]
        for name, value in zip(("valence", "arousal", "dominance"), found.whole.values, strict=True)
    ]
    assert notes.startswith("On the scale from 1 to 5.\n")
    assert "no finding about a person" in notes


@pytest.mark.parametrize("recording", [None, "text.wav", "gone.wav"])
def test_what_is_no_recording_is_an_error_of_the_page(app, model, tmp_path, recording):
    import msfser

    (tmp_path / "text.wav").write_text("no sound")
    loaded = msfser.MsfSer.from_pretrained(model / "best")
    path = recording and str(tmp_path / recording)
    with pytest.raises((gradio.Error, FileNotFoundError)):
        app["predict"](loaded, path, "")


@pytest.mark.slow
def test_the_page_answers_over_http(model):
    """The script as its docstring starts it, asked as a browser would."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "MSFSER_MODEL": str(model),
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
    }
    script = ROOT / "examples" / "space" / "app.py"
    page = subprocess.Popen([sys.executable, str(script)], env=environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as one:
            title, end_s = "", time.monotonic() + START_S
            while not title and time.monotonic() < end_s:
                assert page.poll() is None
                try:
                    title = one.get("/").text
                except httpx.TransportError:
                    time.sleep(0.1)
            assert "Valence, arousal and dominance" in title
            sound = {"files": ("really.wav", REALLY.read_bytes())}
            (path,) = one.post("/gradio_api/upload", files=sound).json()
            given = {"path": path, "meta": {"_type": "gradio.FileData"}}
            event = one.post("/gradio_api/call/predict", json={"data": [given, "<b>hi</b>"]})
            answer = one.get(f"/gradio_api/call/predict/{event.json()['event_id']}").text
    finally:
        page.terminate()
        page.wait()
    event, data = answer.strip().split("\n")[-2:]
    assert event == "event: complete"
    table, notes = json.loads(data.removeprefix("data: "))
    assert [row[0] for row in table["data"]] == ["valence", "arousal", "dominance"]
    assert "On the scale from 1 to 5." in notes
