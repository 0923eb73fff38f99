import json
import os
import unicodedata
from pathlib import Path

import pytest

import lemf
from lemf.corpus.listing import list_recordings
from lemf.corpus.manifest import Recording
from lemf.errors import CorpusError


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A function that makes empty files with these names."""
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    return make


def pairs(source, textgrids=None):
    return [tuple(recording[:3]) for recording in list_recordings(source, textgrids)[0]]


def test_a_folder_with_textgrids_beside(tree):
    tree("c/b.wav", "c/b.TextGrid", "c/sub/a.FLAC", "c/sub/a.textgrid", "c/x.txt", "c/.d.wav")
    assert pairs("c") == [
        ("b", "c/b.wav", "c/b.TextGrid"),
        ("sub/a", "c/sub/a.FLAC", "c/sub/a.textgrid"),
    ]
    assert pairs("c/") == pairs("c")


def test_the_current_folder_gives_plain_paths(tree, tmp_path, monkeypatch):
    tree("a.wav", "a.TextGrid")
    assert pairs(".") == [("a", "a.wav", "a.TextGrid")]


def test_two_trees_as_the_montreal_forced_aligner_writes_them(tree):
    tree("corpus/s1/a.wav", "corpus/s2/a.ogg", "out/s1/a.TextGrid", "out/s2/a.TextGrid")
    assert pairs("corpus", "out") == [
        ("s1/a", "corpus/s1/a.wav", "out/s1/a.TextGrid"),
        ("s2/a", "corpus/s2/a.ogg", "out/s2/a.TextGrid"),
    ]


def test_a_recording_without_textgrid_is_not_lost(tree):
    tree("c/a.wav", "c/b.TextGrid")
    recordings, unused, *_ = list_recordings("c")
    assert recordings == [Recording("a", "c/a.wav", None)]
    assert unused == ["c/b.TextGrid"]


WORDS = '{"words": [{"word": "so", "start": 0.1, "end": 0.4}]}'


def test_without_a_textgrid_what_another_tool_wrote_takes_its_place(tree):
    tree("c/a.wav", "c/a.TextGrid", "c/b.wav", "c/d.wav", "c/e.wav", "c/f.wav", "c/été.wav")
    contents = {
        "a.json": WORDS,  # a.TextGrid comes first
        "b.ctm": "b 1 0.1 0.3 so\n",
        "b.json": WORDS,
        "d.lab": "so we\n",  # a transcript
        "d.json": '{"speaker": "Ann"}',
        "d.srt": "1\n00:00:00,100 --> 00:00:00,900\nso we are\n",
        "e.wav.json": WORDS,
        "f_annot.json": '{"levels": [], "sampleRate": 0}',  # damaged, to be reported
        unicodedata.normalize("NFD", "été.lab"): "0 4000000 so\n",
    }
    for name, content in contents.items():
        Path("c", name).write_text(content)
    found = {
        "c/a.wav": "c/a.TextGrid",
        "c/b.wav": "c/b.ctm",
        "c/d.wav": None,
        "c/e.wav": "c/e.wav.json",
        "c/f.wav": "c/f_annot.json",
    }
    for source in ("c", "c/*.wav", "c/**/*.wav"):
        listed = {audio: grid for _, audio, grid in pairs(source)}
        beside = listed.pop("c/été.wav")
        assert listed == found
        assert str(beside).endswith(".lab")
    assert pairs("c")[-1][2] == f"c/{unicodedata.normalize('NFD', 'été')}.lab"
    assert {f"c/{path.name}": (one := lemf.find_alignment(path)) and str(one)
            for path in Path("c").glob("[a-f].wav")} == found  # fmt: skip


@pytest.mark.parametrize(
    "transcript",
    [
        "so we\n", "{laugh} so\n", "<laugh> so\n", "[laugh] so\n", "1 2 3\n", "1 2 3\n4 5 6\n",
        "0.5 1.5 litres\n", "1999 2005 and\n", "0 24679 Do not ask me.\n", "<p> so\n", "so: we\n",
    ],
)  # fmt: skip
def test_a_transcript_is_no_alignment(tree, transcript):
    tree("a.wav")
    for suffix in ("txt", "lab"):
        Path(f"a.{suffix}").write_text(transcript)
    assert pairs(".") == [("a", "a.wav", None)]


def test_other_tools_files_lie_in_a_tree_of_their_own(tree):
    tree("c/s/a.wav", "c/s/a.lab", "out/s/a.json")
    Path("out/s/a.json").write_text(WORDS)
    Path("c/s/a.lab").write_text("so we\n")
    assert pairs("c", "out") == [("s/a", "c/s/a.wav", "out/s/a.json")]


def test_a_pattern(tree):
    tree("c/s1/a.wav", "c/s1/a.TextGrid", "c/s1/a.flac", "c/s2/b.wav", "out/s1/a.TextGrid")
    assert pairs("c/**/*.wav") == [
        ("s1/a", "c/s1/a.wav", "c/s1/a.TextGrid"),
        ("s2/b", "c/s2/b.wav", None),
    ]
    assert pairs("c/s*/a.wav", "out") == [("s1/a", "c/s1/a.wav", "out/s1/a.TextGrid")]


def test_the_order_is_that_of_the_ids_whatever_the_disk_says(tree, monkeypatch):
    tree(*(f"c/{name}.wav" for name in "ebdac"))
    ids = [name for name, *_ in pairs("c")]
    assert ids == sorted("ebdac")


def test_links_are_followed_once(tree, tmp_path):
    tree("c/a.wav", "elsewhere/b.wav")
    (tmp_path / "c" / "loop").symlink_to(tmp_path / "c")
    (tmp_path / "c" / "more").symlink_to(tmp_path / "elsewhere")
    assert [name for name, *_ in pairs("c")] == ["a", "more/b"]


def test_a_csv_manifest(tree, tmp_path):
    tree("m/x.txt")
    (tmp_path / "m/list.csv").write_text(
        "audio,textgrid,id,speaker,channel,mood\n"
        "s/a.wav,grids/a.TextGrid,,Anna,2,glad\n"
        '/data/b.wav,/data/b.TextGrid,"b, the second",,mix,\n'
        "c.wav,,,,,\n"
    )
    assert list_recordings("m/list.csv")[0] == [
        Recording("b, the second", "/data/b.wav", "/data/b.TextGrid", None, "mix"),
        Recording("c", "m/c.wav", None),
        Recording("s/a", "m/s/a.wav", "m/grids/a.TextGrid", "Anna", 2),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.csv", "audio,textgrid,channel\na.wav,,2.0\nb.wav,,\n"),
        ("m.jsonl", '{"audio": "a.wav", "channel": 2.0}\n{"audio": "b.wav", "channel": null}\n'),
    ],
)
def test_whole_channels_may_have_a_decimal_point(tree, tmp_path, name, content):
    (tmp_path / name).write_text(content)
    assert [one.channel for one in list_recordings(name)[0]] == [2, None]


def test_an_empty_path_is_named(tree):
    with pytest.raises(CorpusError, match=r"^the empty path: neither a folder"):
        list_recordings("")


def test_a_jsonl_manifest(tree, tmp_path):
    rows = [{"audio": "b.wav", "textgrid": None}, {"audio": "a.wav", "textgrid": "a.tg", "id": "z"}]
    (tmp_path / "list.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    assert pairs("list.jsonl") == [("b", "b.wav", None), ("z", "a.wav", "a.tg")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "wav,textgrid\n", "no column audio; it has wav, textgrid"),
        ("a.csv", "", "no column audio and textgrid; it has none"),
        ("a.csv", "audio,textgrid,channel\na.wav,,left\n", "line 2: channel 'left'"),
        (
            "a.csv",
            f"audio,textgrid,channel\na.wav,,{'9' * 5000}\n",
            "line 2: channel '999.*999'; write",
        ),
        ("a.csv", "audio,textgrid,channel\na.wav,,0\n", "line 2: channel '0'; write"),
        ("a.csv", "audio,textgrid\n,a.TextGrid\n", "line 2: no audio"),
        ("a.csv", "audio,textgrid\n", "no recording found"),
        ("a.jsonl", '{"audio": 1}\n', "line 1: audio must be text, not 1"),
        ("a.jsonl", '{"audio": "a.wav"}\n{"audio"\n', "line 2: not JSON"),
        ("a.jsonl", "[1]\n", "line 1: not an object"),
        ("a.csv", "audio,textgrid\na.wav,\na.flac,\n", "have the same id 'a'"),
        (
            "a.csv",
            "audio,textgrid,id\na.wav,,x\nb.wav,,y\nc.wav,,x\n",
            "a.csv: line 2 and line 4 have the same id 'x'; the ids of a manifest must differ",
        ),
        ("a.csv", "audio,textgrid,channel\na.wav,,1.5\n", "line 2: channel '1.5'; write"),
        ("a.csv", "audio,textgrid,channel\na.wav,,0.0\n", "line 2: channel '0.0'; write"),
    ],
)
def test_wrong_manifests(tree, tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(CorpusError, match=message):
        list_recordings(name)


def test_what_is_no_corpus(tree, tmp_path):
    tree("c/a.txt", "d/a.wav", "d/a.flac", "bytes.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff")
    for source, message in (
        ("c", "no recording found"),
        ("gone", "neither a folder, nor a pattern, nor a manifest"),
        ("c/*.wav", "no recording found"),
        ("d", "d/a.flac and d/a.wav have the same id 'a'|d/a.wav and d/a.flac"),
        ("gone.csv", "no such file"),
        ("mine.xlsx", "mine.xlsx: a spreadsheet; save it as CSV"),
        ("bytes.csv", "not UTF-8"),
    ):
        with pytest.raises(CorpusError, match=message):
            list_recordings(source)
    with pytest.raises(CorpusError, match="no such folder of TextGrids"):
        list_recordings("c", "gone")
    with pytest.raises(CorpusError, match="leave out --textgrids"):
        list_recordings("a.csv", "c")


def test_names_that_are_no_text(tree, tmp_path):
    try:
        (tmp_path / os.fsdecode(b"\xff.wav")).touch()
    except OSError:
        pytest.skip("this file system only takes names that are text")
    ((name, *_),) = pairs(".")
    assert os.fsencode(name) == b"\xff"


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
@pytest.mark.parametrize(("source", "textgrids"), [("c", None), ("c", "out"), ("c/*.wav", None)])
def test_names_pair_across_normal_forms_and_ids_stay_those_of_the_audio(
    tree, forms, source, textgrids
):
    stem, grid = (unicodedata.normalize(form, "été") for form in forms)
    folder = textgrids or "c"
    tree(f"c/{stem}.wav", f"{folder}/{grid}.TextGrid")
    recordings, unused, *_ = list_recordings(source, textgrids)
    assert recordings == [Recording(stem, f"c/{stem}.wav", f"{folder}/{grid}.TextGrid")]
    assert unused == []


def test_two_names_that_differ_in_their_form_only_keep_their_own_textgrids(tree):
    both = [unicodedata.normalize(form, "été") for form in ("NFC", "NFD")]
    tree(*(f"c/{stem}{suffix}" for stem in both for suffix in (".wav", ".TextGrid")))
    assert {recording.textgrid for recording in list_recordings("c")[0]} == {
        f"c/{stem}.TextGrid" for stem in both
    }


def test_of_two_links_to_one_folder_the_first_by_name_is_followed(tree, tmp_path, monkeypatch):
    tree("elsewhere/sub/b.wav", "c/a.wav", "c/real/d.wav")
    for name in ("z", "y", "x"):
        (tmp_path / "c" / name).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "c/alias").symlink_to("real")
    scandir = os.scandir
    for reverse in (False, True):

        def in_this_order(path, reverse=reverse):
            return Entries(sorted(scandir(path), key=lambda e: e.name, reverse=reverse))

        monkeypatch.setattr(os, "scandir", in_this_order)
        recordings, _, repeated, unsearched = list_recordings("c")
        assert [one.id for one in recordings] == ["a", "real/d", "x/sub/b"]
        assert repeated == ["c/alias/", "c/y/", "c/z/"]
        assert unsearched == []


class Entries(list):
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize("source", ["c", "c/**/*.wav"])
def test_links_in_circles_end(tree, tmp_path, source):
    tree("c/a.wav", "c/s/b.wav")
    for name in ("l1", "l2", "s/up", "s/l3"):
        (tmp_path / "c" / name).symlink_to(tmp_path / "c")
    (tmp_path / "c/self.wav").symlink_to("self.wav")
    (tmp_path / "c/one").symlink_to("two")
    (tmp_path / "c/two").symlink_to("one")
    recordings, *_ = list_recordings(source)
    assert [one.id for one in recordings] == ["a", "s/b", "self"]  # which fails alone


def test_a_folder_that_cannot_be_searched_is_named_and_the_others_are_searched(tree, tmp_path):
    tree("c/a.wav")
    os.chdir("c")
    for _ in range(20):  # a path that no system call takes
        Path("d" * 250).mkdir()
        os.chdir("d" * 250)
    os.chdir(tmp_path)
    recordings, _, _, unsearched = list_recordings("c")
    assert [one.id for one in recordings] == ["a"]
    (reason,) = unsearched
    assert reason.startswith("c/ddd")
    assert reason.endswith("d/: cannot be searched (File name too long)")


def test_a_pattern_takes_files_only_and_any_number_of_folders(tree):
    tree("c/a.wav", "c/x.wav/b.wav", "c/x.wav/y/c.wav", "c/.hidden/d.wav", "c/x.wav/y/c.TextGrid")
    assert [one for one, *_ in pairs("c/*.wav")] == ["a"]
    assert [one for one, *_ in pairs("c/**/*.wav")] == ["a", "x.wav/b", "x.wav/y/c"]
    assert [one for one, *_ in pairs("c/**/y/*")] == ["x.wav/y/c"]
    assert pairs("c/**") == pairs("c")
    assert [one for one, *_ in pairs("c/x*/**/*.wav")] == ["x.wav/b", "x.wav/y/c"]


def test_of_two_textgrids_of_one_name_the_first_counts(tree, tmp_path):
    tree("c/a.wav", "c/a.TextGrid", "c/a.textgrid")
    if len(list((tmp_path / "c").iterdir())) < 3:
        pytest.skip("this file system does not tell capitals")
    recordings, unused, *_ = list_recordings("c")
    assert recordings == [Recording("a", "c/a.wav", "c/a.TextGrid")]
    assert unused == ["c/a.textgrid"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"audio": ""}, "line 1: no audio; name the recording"),
        ({"audio": "a.wav", "channel": "1" * 5000}, "line 1: channel '1111.*; write a number"),
        ({"audio": "a.wav", "channel": -1}, "line 1: channel -1; write a number"),
        ({"audio": "a.wav", "speaker": ["x" * 5000]}, "line 1: speaker must be text"),
    ],
)
def test_values_of_a_manifest_that_no_file_can_mend(tree, tmp_path, row, message):
    (tmp_path / "m.jsonl").write_text(json.dumps(row))
    with pytest.raises(CorpusError, match=message) as error:
        list_recordings("m.jsonl")
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("value", [["a", "b"], {"a": 1}, True])
def test_a_text_that_is_none_is_refused_with_its_line(tree, tmp_path, value):
    (tmp_path / "m.jsonl").write_text(json.dumps({"audio": "a.wav", "text": value}))
    with pytest.raises(CorpusError, match=r"m\.jsonl: line 1: text must be text, not "):
        list_recordings("m.jsonl")


def test_numbers_of_speakers_are_names_and_a_text_beside_fills_an_empty_cell(tree, tmp_path):
    tree("a.wav", "a.txt", "b.wav")
    lines = [{"audio": "a.wav", "speaker": 0, "text": ""}, {"audio": "b.wav", "text": 7}]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))
    first, second = list_recordings("m.jsonl").recordings
    assert (first.speaker, first.text, first.text_file) == ("0", None, "a.txt")
    assert (second.speaker, second.text, second.text_file) == (None, "7", None)


def test_a_manifest_without_texts_names_the_columns_that_align_needs(tree, tmp_path):
    (tmp_path / "m.csv").write_text("audio,Sentence\na.wav,So it is\n")
    with pytest.raises(CorpusError, match=r"text, transcript or text_file.*column 'Sentence'"):
        list_recordings("m.csv", needs_text=True)


def test_an_alignment_in_another_normal_form_is_that_of_the_recording(tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "été") for form in ("NFC", "NFD"))
    grid = tmp_path / f"{decomposed}.TextGrid"
    grid.touch()
    assert lemf.find_alignment(tmp_path / f"{composed}.wav") == grid
