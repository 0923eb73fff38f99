from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from msfser.cli import main
from msfser.manifest import read_manifest


def write_wav(path: Path, length_s: float = 0.5) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(round(16000 * length_s)), 16000)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    for name in ("one", "two", "three"):
        write_wav(tmp_path / f"wavs/{name}.wav")
    path = tmp_path / "own.csv"
    path.write_text(
        "speaker,dom,wav,val_mean,arousal,split,note\n"
        "s1,3.5,wavs/one.wav,1.25,4,train,x\n"
        's2,2,wavs/two.wav,,5,Dev,"y, z"\n'
        "s2,2.5,wavs/three.wav,0.5,5,test 1,\n"
    )
    return path


def run(*arguments: object):
    return CliRunner().invoke(main, ["corpus", *map(str, arguments)])


RENAMED = ("--column", "valence=val_mean", "--column", "dominance=dom")


def test_columns_are_found_by_name_whatever_their_order(table, tmp_path):
    result = run("table", table, "-o", tmp_path / "out", "--label-bounds", "1,5", *RENAMED)
    assert result.exit_code == 0, result.output
    manifest = read_manifest(tmp_path / "out")
    one, two, three = manifest.utterances
    assert one.labels == (1.25, 4.0, 3.5)
    assert np.isnan(two.valence)
    assert (two.arousal, two.dominance) == (5.0, 2.0)
    assert [row.split for row in (one, two, three)] == ["train", "development", "test1"]
    assert [row.id for row in (one, two, three)] == ["wavs/one", "wavs/two", "wavs/three"]
    assert manifest.wav_path(one) == tmp_path.resolve() / "wavs/one.wav"
    assert one.duration_s == 0.5
    assert manifest.label_bounds == (1.0, 5.0)
