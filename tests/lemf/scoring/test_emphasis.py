import math
from dataclasses import replace

import lemf


def test_repr_fits_a_screen_however_long_the_recording(utterance):
    emphasis = lemf.score(utterance.samples, utterance.grid, rate_hz=utterance.rate_hz)
    assert repr(emphasis) == ("<lemf.Emphasis of '<array>': 1 sentence, 3 words, emphasised: two>")
    hours = replace(emphasis, sentences=1000 * emphasis.sentences)
    assert repr(hours).endswith("1000 sentences, 3000 words, emphasised: two, two, two, ...>")
    assert len(repr(hours)) < 100


def test_str_is_the_table(utterance):
    from click.testing import CliRunner

    from lemf.commands.cli import main

    emphasis = lemf.score(utterance.wav, utterance.textgrid)
    command = ["score", str(utterance.wav), str(utterance.textgrid)]
    assert str(emphasis) == CliRunner().invoke(main, command).stdout.rstrip("\n")


def test_the_settings_of_a_result_give_the_result_again(utterance):
    given = lemf.Settings(weights={"energy": 0.5}, silence=("um",))
    emphasis = lemf.score(utterance.wav, utterance.textgrid, given)
    assert emphasis.settings.weights == {"pitch": 1.0, "energy": 0.5, "duration": 0.8}
    assert emphasis.settings.phones_tier == "phones"
    again = lemf.score(utterance.wav, utterance.textgrid, emphasis.settings)
    assert again.to_dict() == emphasis.to_dict()


def test_the_contract_holds_plain_types_only(utterance):
    def walk(value):
        assert type(value) in (dict, list, str, int, float, type(None)), value
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, dict | list):
                walk(item)
            else:
                assert type(item) in (str, int, float, type(None)), item
                assert not isinstance(item, float) or math.isfinite(item)

    for cues in ("paper", "all"):
        settings = lemf.Settings(cues=cues, sentences="pause:0.05")
        walk(lemf.score(utterance.wav, utterance.textgrid, settings).to_dict())
