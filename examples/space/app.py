"""A page that predicts valence, arousal and dominance of a recording, by Gradio.

    pip install '.[app]'
    MSFSER_MODEL=run python examples/space/app.py

MSFSER_MODEL is a run, the folder of a model, or its name on the hub. For a Space of the hub, upload
this folder, and set the variable in its settings.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import gradio

import msfser

WHAT_IT_IS_NOT = (
    "The values are what listeners of the training corpus would say on average. They do not "
    "measure what a speaker feels, and are no finding about a person; do not decide about people "
    "by them."
)
DIMENSIONS = ("valence", "arousal", "dominance")


def predict(model: msfser.MsfSer, recording: str | None, text: str) -> tuple[list[list[str]], str]:
    """Predict a recording.

    Parameters
    ----------
    model : MsfSer
    recording : str or None
        Path of a sound file; None where none was given.
    text : str
        What is said; may be empty.

    Returns
    -------
    rows : list of list of str
        Name and value of each dimension.
    notes : str
        What a reader should know, one line each.
    """
    if recording is None:
        raise gradio.Error("Record something, or choose a file.")
    with tempfile.TemporaryDirectory() as name:
        wav = Path(name) / f"recording{Path(recording).suffix}"
        shutil.copy(recording, wav)
        if text.strip():
            wav.with_suffix(".txt").write_text(text, encoding="utf-8")
        try:
            (found,) = msfser.predict_files(model, [wav])
        except msfser.MsfserError as error:
            raise gradio.Error(str(error)) from error
    if found.whole is None:
        raise gradio.Error(found.reason or "The recording cannot be used.")
    low, high = model.facts.label_bounds
    rows = [
        [dimension, f"{value:.2f}"]
        for dimension, value in zip(DIMENSIONS, found.whole.values, strict=True)
        if dimension in model.facts.learned
    ]
    notes = [f"On the scale from {low:g} to {high:g}."]
    if found.texts.emphasised is not None:
        notes.append(f"Highest emphasis: {found.texts.emphasised.word}.")
    notes += [*found.notes, *found.texts.notes, WHAT_IT_IS_NOT]
    return rows, "\n".join(notes)


def make_page(name: str) -> gradio.Interface:
    """Load a model and build its page; `name` is a run, a folder, or a name on the hub."""
    best = Path(name) / "best"
    model = msfser.MsfSer.from_pretrained(best if best.is_dir() else name)
    return gradio.Interface(
        lambda recording, text: predict(model, recording, text),
        inputs=[
            gradio.Audio(type="filepath", label="Recording"),
            gradio.Textbox(label="What is said (may be left out)"),
        ],
        outputs=[
            gradio.Dataframe(headers=["dimension", "value"], label="Prediction"),
            gradio.Textbox(label="Notes"),
        ],
        title="Valence, arousal and dominance",
        description=WHAT_IT_IS_NOT,
        api_name="predict",
        flagging_mode="never",
        delete_cache=(60, 600),  # what was sent, ten minutes later
        analytics_enabled=False,
    )


if __name__ == "__main__":
    make_page(os.environ["MSFSER_MODEL"]).launch()
