"""A result in a notebook: the words, and below the page of lemf.report in a frame, or nothing."""

import re
import shutil
from dataclasses import replace
from html import unescape

import numpy as np
import pytest

import lemf
from lemf.contours.measurement import measure
from lemf.display.html import format_html
from lemf.page import notebook
from lemf.pipeline import score_measurement


def page_in(emphasis):
    """The page in the frame; None where there is no frame."""
    frame = re.search(r'<iframe srcdoc="([^"]*)"', emphasis._repr_html_())
    return frame and unescape(frame[1])


@pytest.mark.parametrize(
    "settings", [lemf.Settings(), lemf.Settings(cues="listeners", decide="accent", measures=True)]
)
def test_the_frame_holds_the_page_of_the_report(utterance, settings):
    emphasis = lemf.score(utterance.wav, utterance.textgrid, settings)
    resolved = lemf.report(utterance.wav, utterance.textgrid, emphasis.settings)
    assert page_in(emphasis) == resolved
    assert emphasis._repr_html_().startswith(format_html(emphasis))


def test_samples_in_memory_are_played_as_they_are(utterance):
    emphasis = lemf.score(utterance.samples, utterance.grid, rate_hz=utterance.rate_hz)
    expected = lemf.report(
        utterance.samples, utterance.grid, emphasis.settings, rate_hz=utterance.rate_hz
    )
    assert page_in(emphasis) == expected


def test_a_stereo_file_is_read_again_by_its_channel(utterance, tmp_path):
    import soundfile

    path = tmp_path / "two.wav"
    soundfile.write(path, np.column_stack([utterance.samples * 0.5, utterance.samples]), 16000)
    settings = lemf.Settings(channel=2)
    emphasis = lemf.score(path, utterance.grid, settings)
    assert page_in(emphasis) == lemf.report(path, utterance.grid, emphasis.settings)


def test_without_the_samples_there_is_the_table_alone(utterance, monkeypatch, tmp_path):
    emphasis = lemf.score(utterance.wav, utterance.textgrid)
    alone = format_html(emphasis)
    with monkeypatch.context() as patched:
        patched.setattr(notebook, "LONGEST_S", 1.0)
        assert emphasis._repr_html_() == alone
    kept = tmp_path / "kept.wav"
    shutil.move(utterance.wav, kept)  # gone
    assert emphasis._repr_html_() == alone
    import soundfile

    for changed in (utterance.samples[:-160], utterance.samples[::-1], utterance.samples * 0.99):
        soundfile.write(utterance.wav, changed, 16000)
        assert emphasis._repr_html_() == alone
    shutil.move(kept, utterance.wav)
    assert emphasis._repr_html_() != alone
    assert replace(emphasis, _heard=None)._repr_html_() == alone
    measured = measure(utterance.wav, utterance.textgrid, lemf.Settings())
    of_batch = score_measurement(measured, lemf.Settings())
    assert of_batch._repr_html_() == alone


def test_what_is_heard_is_no_part_of_the_contract(utterance):
    emphasis = lemf.score(utterance.wav, utterance.textgrid)
    assert "heard" not in emphasis.to_dict()
    assert replace(emphasis, _heard=None).to_dict() == emphasis.to_dict()


def test_the_frame_plays_in_a_browser_and_reaches_nothing_outside(browser, utterance, tmp_path):
    emphasis = lemf.score(utterance.wav, utterance.textgrid)
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><title>notebook</title>{emphasis._repr_html_()}", "utf-8")
    page = browser.new_page()
    complaints, requests = [], []
    page.on("console", lambda one: complaints.append(one.text))
    page.on("pageerror", lambda one: complaints.append(str(one)))
    page.on("request", lambda one: requests.append(one.url))
    page.goto(path.as_uri())
    frame = page.frames[1]
    assert frame.locator(".word .label").all_inner_texts() == ["one", "two", "three"]
    frame.locator(".word").nth(1).click()
    for _ in range(200):
        if frame.evaluate("document.getElementById('audio').currentTime") > 0.5:
            break
        page.wait_for_timeout(20)
    else:
        raise AssertionError("not heard")
    assert (
        frame.evaluate("(() => { try { return parent.document.title } catch { return 0 } })()") == 0
    )
    page.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith(("blob:", "data:", "about:"))] == [
        path.as_uri()
    ]
