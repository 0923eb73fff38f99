import json

import pytest
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.semantics.texts import read_texts

SIX = {
    "free_emotion": "calm", "emotion": "Neutral", "explanation": "", "scenario": "a shop",
    "paralinguistics": ["slow"], "gender": "female",
}  # fmt: skip


def run(corpus, lines, code=0):
    path = corpus / "es.jsonl"
    content = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text(content, encoding="utf-8")
    arguments = ["semantics", "es", str(corpus), "--backend", "jsonl", "--from", str(path)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return result.output


def test_paragraphs_and_categories_are_taken(corpus):
    lines = [
        {"id": "u001", "text": " A  shop.\n"},
        "",
        {"id": "u002", "model": "somebody", **SIX},
        {"id": "u003", "text": ""},
        {"id": "u004", "emotion": "Neutral"},
        {"id": "nobody", "text": "x"},
        {"id": "u005", "text": "nan"},
        {"id": "u006", "model": "a\ud800", **SIX, "explanation": "N/A"},
        {"id": "u007", "text": None},
    ]
    output = run(corpus, lines, code=1)
    assert "note: 1 lines of" in output
    assert "note: text 'nan' is read as no value, in 1 row\n" in output
    assert "note: explanation 'N/A' is read as no value, in 1 row\n" in output
    assert "es: 3 ok, 1 failed, 8 missing" in output
    assert "1 of 12 failed, such as u004: line 5: the key 'free_emotion' is missing" in output
    es = read_texts(corpus).es
    assert es[1].text == "A shop."
    assert es[2].text.startswith("This is a female speaker, expressing calm (categorized as Neut")
    assert (es[2].source, es[2].model) == ("jsonl", "somebody")
    assert es[3].reason == "line 4: the text is empty"
    assert (es[5].text, es[5].status) == (None, "missing")
    assert es[5].reason == "line 7: the text is empty" == es[7].reason.replace("9", "7")
    assert "N/A" not in es[6].text
    assert es[0].reason == "es.jsonl does not name it"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([{"id": "u001", "text": "a"}, '{"id": "u002", "te'], "line 2: not JSON"),
        (["[1]"], "line 1: not an object"),
        ([{"text": "a"}], "line 1: no id"),
        ([{"id": "u001", "text": "a"}] * 2, "line 2: id 'u001' is also in line 1"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_written(corpus, lines, message):
    output = run(corpus, lines, code=1)
    assert message in output
    assert output.count("\n") == 1
    assert not (corpus / "texts.parquet").exists()


def test_a_missing_file_or_option_is_said(corpus):
    arguments = ["semantics", "es", str(corpus), "--backend", "jsonl"]
    assert "needs --from FILE" in CliRunner().invoke(main, arguments).output
    sharded = [*arguments, "--from", "none.jsonl", "--shard", "1/2"]
    assert "--shard cannot be used with --backend jsonl" in CliRunner().invoke(main, sharded).output
    result = CliRunner().invoke(main, [*arguments, "--from", "none.jsonl"])
    assert result.output == "Error: none.jsonl: no such file; check the path\n"
