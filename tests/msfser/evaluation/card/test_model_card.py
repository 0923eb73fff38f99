import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.config.les_settings import LesSettings
from msfser.config.model_facts import ModelFacts
from msfser.config.presets import PRESETS
from msfser.evaluation.card.base_licences import find_licence
from msfser.evaluation.card.model_card import format_model_card
from msfser.evaluation.predictions import make_predictions
from msfser.evaluation.scores import FOLDS, score_predictions
from msfser.manifest import Utterance

FACTS = ModelFacts(
    label_bounds=(1.0, 7.0), corpus="msp-podcast", corpus_version="1.12", text_encoder="an-encoder"
)


def draw_scores(split="development", held_out=0):
    import numpy as np

    labels = np.random.default_rng(0).uniform(1, 7, (20, 3))
    utterances = [
        Utterance(
            id=f"u{i}", wav="a.wav", valence=v, arousal=a, dominance=d, split=split,
            fold=i % 5 + 1, emotion="calm",
        )
        for i, (v, a, d) in enumerate(labels.tolist())
    ]  # fmt: skip
    table = make_predictions(
        utterances, labels + 0.5, corpus="msp-podcast", version="1.12", label_bounds=(1.0, 7.0),
        held_out=held_out,
    )  # fmt: skip
    return score_predictions(table, n_resamples=10)


def test_the_card_says_what_the_run_was():
    card = format_model_card(
        PRESETS["paper"], FACTS, {"best_epoch": 7, "epochs": 20}, draw_scores(), ["be careful"]
    )
    for text in (
        "# MSF-SER, trained on msp-podcast 1.12",
        "on the scale of its corpus, 1 to 7",
        "microsoft/wavlm-large",
        "texts encoded by an-encoder",
        "Extended Semantics",
        "kept: epoch 7 of 20",
        "\n\nbe careful.\n",
        "development: 20 utterances",
        "## Limits",
    ):
        assert text in card
    assert "LES was found" not in card
    facts = replace(FACTS, les=LesSettings(cues="listeners", when="emphasised"))
    other = format_model_card(PRESETS["paper"], facts, {}, [])
    assert "`msfser semantics les --cues listeners --when emphasised`" in other
    assert "emotion calm" not in card  # groups stand in the report
    assert card.startswith("---\nlibrary_name: msfser\n")
    assert re.search(r"\| valence \| 0\.\d{3} \|", card)


def test_the_card_names_the_licences_of_what_it_is_built_on_and_what_the_values_are_not():
    card = format_model_card(PRESETS["paper"], FACTS, {}, [])
    assert "- microsoft/wavlm-large: open: two texts disagree (" in card
    assert "CC BY-SA 3.0" in card
    assert "- an-encoder: not known (read what came with it" in card
    assert "- msp-podcast 1.12: its licence says whether" in card
    assert "base_model: [microsoft/wavlm-large]\n" in card
    assert "license: other\n" in card
    assert "## What the values are not\n\n- No measurement of what a speaker feels" in card
    roberta = replace(FACTS, text_encoder="FacebookAI/roberta-large")
    card = format_model_card(PRESETS["paper"], roberta, {}, [])
    assert "base_model: [microsoft/wavlm-large, FacebookAI/roberta-large]\n" in card
    assert "- FacebookAI/roberta-large: MIT (" in card
    card = format_model_card(PRESETS["voice"], FACTS, {}, [])
    assert "- tiny: none needed (its weights were drawn at random" in card
    assert "base_model" not in card
    assert "an-encoder" not in card


def test_the_paper_stands_in_the_card_where_it_may():
    card = format_model_card(PRESETS["paper"], FACTS, {}, draw_scores())
    assert "| paper |" in card
    assert "0.759" in card
    card = format_model_card(PRESETS["paper"], FACTS, {}, draw_scores("test1"))
    assert "paper |" not in card


def test_cards_of_folds_of_the_voice_alone_and_without_scores():
    held_out = replace(PRESETS["paper"], data=replace(PRESETS["paper"].data, test_fold=2))
    card = format_model_card(held_out, FACTS, {}, draw_scores(held_out=2))
    assert "all folds but fold 2; no selection" in card
    assert f"{FOLDS} by group" in card
    card = format_model_card(PRESETS["challenge"], FACTS, {}, [])
    assert "reads no text: the voice alone" in card
    assert "transcript beside the recording" not in card
    assert "Not evaluated yet" in card


def test_written_beside_the_weights_and_not_replaced_unasked(make_run, tmp_path):
    run = make_run(tmp_path / "run")
    (run / "metrics.json").write_text(json.dumps({"best_epoch": 2, "epochs": 3}))
    arguments = ["evaluate", str(run), "--split", "test", "--card", "--resamples", "10"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    card = (run / "best" / "README.md").read_text()
    assert "kept: epoch 2 of 3" in card
    assert "test: 4 utterances of 4 speakers" in card
    again = CliRunner().invoke(main, [*arguments, "-o", str(tmp_path / "other")])
    assert again.exit_code == 1
    assert "README.md: exists already" in again.stderr
    table = run / "evaluation" / "predictions.parquet"
    several = CliRunner().invoke(main, ["evaluate", str(table), "--card"])
    assert several.exit_code == 2
    assert "the card of one model needs one RUN" in several.stderr


def test_what_had_no_label_in_training_is_not_promised():
    facts = replace(FACTS, unlearned=("valence", "dominance"))
    card = format_model_card(PRESETS["voice"], facts, {}, [])
    assert "\nPredicts arousal of a spoken utterance" in card
    assert "- no label of valence, dominance in the training data: not predicted\n" in card
    assert "\nPredicts valence, arousal and dominance of" in format_model_card(
        PRESETS["voice"], FACTS, {}, []
    )


def test_a_card_names_no_folder_of_this_machine_and_says_how_a_stranger_installs():
    facts = replace(FACTS, text_encoder="/home/anna/corpus/word_encoder")
    config = replace(PRESETS["paper"], train=replace(PRESETS["paper"].train, init="/home/anna/x"))
    card = format_model_card(config, facts, {}, [])
    assert "/home" not in card
    assert "- texts encoded by the folder word_encoder, mean pooled" in card
    assert "- the folder word_encoder: none needed (random vectors of the words" in card
    assert "- started from the weights of the folder x" in card
    assert "In a clone of the repository of lemf and msfser:\n\n    pip install '.[ser]'" in card


def test_one_is_not_several():
    scores = draw_scores()
    alone = [replace(score, n_speakers=1, n_utterances=1) for score in scores]
    card = format_model_card(PRESETS["paper"], FACTS, {}, alone)
    assert "### development: 1 utterance of 1 speaker" in card
    assert "1 speakers" not in card


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("facebook/wav2vec2-large-robust", "Apache-2.0"),
        ("facebook/hubert-base-ls960", "Apache-2.0"),
        ("openai/whisper-small", "MIT"),
        ("roberta-large", "MIT"),
        ("minilm", "Apache-2.0"),
        ("/x/word_encoder", "none needed"),
        ("/x/other", "not known"),
    ],
)
def test_the_licences_of_base_models_and_where_they_stand(name, licence):
    found = find_licence(name)
    assert found.name == licence
    named = licence not in ("none needed", "not known")
    assert named == (re.search(r"(huggingface\.co|github\.com)/\S+", found.source) is not None)
