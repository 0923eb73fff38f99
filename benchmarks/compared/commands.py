"""The table of `compare_outputs.py`: every command of both packages with every output.

A chain is a list of commands that run one after the other in one folder, where ``examples``, `data`
(the real speech) and ``inputs`` (`inputs.py`) lie. ``lemf`` and ``msfser`` are run as
modules; ``call`` runs `calls.py`, ``serve`` a command beside the server of
`models.py`, ``torchrun`` two processes. A command whose exit code must not be 0 starts with ``!``.
"""

from __future__ import annotations

REALLY = "examples/really.wav examples/really.TextGrid"
DIDNT = "examples/didnt.wav examples/didnt.TextGrid"
EMODB = "data/emodb/wav/08a01Wa.wav data/emodb/textgrid/08a01Wa.TextGrid"
LIBRI = "data/libritts/LJ050-0277.wav data/libritts/LJ050-0277.TextGrid"
LONG = "data/mfa/acoustic_corpus.wav data/mfa/acoustic_corpus.TextGrid"
COPASUL = "data/copasul/dialogId_turnId_spkId.wav data/copasul/dialogId_turnId_spkId.TextGrid"
FAVE = "data/textgrids/polyglotdb/fave/fave_stereo"
OVERLAPPED = "data/textgrids/polyglotdb/overlapped_speech/overlapped"
PRAATIO = "data/textgrids/praatio"
LABELS = "data/emodb/metadata.jsonl"
GRIDS = "data/emodb/wav --textgrids data/emodb"
ALL_OUTPUTS = "--format json --textgrid a.TextGrid --contours a.csv --plot"
ABLATE = "msfser ablate --config inputs/corpus/rows.toml --data corpus"
TINY = "--set train.epochs=2 --set train.batch_size=8"
WEIGHTS = "--weights pitch=0.5,duration=2"
WAV, GRID = REALLY.split()

# Recordings and options with which all outputs are written, a name for each.
SCORED = {
    "really": REALLY,
    "didnt": DIDNT,
    "emodb": f"{EMODB} --cues all",
    "emodb-praat": f"{EMODB.replace('textgrid', 'textgrid-praat')} --sentences clause",
    "emodb-espeak": f"{EMODB.replace('textgrid', 'textgrid-espeak')} --cues listeners",
    "libri": f"{LIBRI} --cues listeners --normalise recording --sentences pause:0.1",
    "libritts": LIBRI.replace("LJ050-0277", "7127_75947_000010_000000") + " --pitch praat",
    "long": f"{LONG} --sentences pause:0.6 --normalise recording --pitch-range 60-400 --top 2",
    "cold": LONG.replace("acoustic_corpus", "cold_corpus3") + " --cues all",
    "polyglot": "data/textgrids/polyglotdb/acoustic_corpus.wav "
    "data/textgrids/polyglotdb/acoustic_corpus.TextGrid --duration word",
    "copasul": f"{COPASUL} --words-tier WRD --duration word --sentences CHUNK_1 --pitch pyworld",
    "fave": f"{FAVE}.wav {FAVE}.TextGrid --speaker 'Speaker 1' --channel 2",
    "overlapped": f"{OVERLAPPED}.wav {OVERLAPPED}.TextGrid --speaker 'Speaker 2' --channel mix",
    "mary": f"{PRAATIO}/mary.wav {PRAATIO}/mary.TextGrid --f0-axis semitones",
    "mary-longfile": f"{PRAATIO}/mary.wav {PRAATIO}/mary_misaligned.TextGrid --f0-axis hz",
    "bobby": f"{PRAATIO}/bobby_16bit_16khz_2ch.wav {PRAATIO}/bobby_words_with_newlines.TextGrid "
    "--duration word",
    "slow": f"inputs/speech/slow.wav {GRID}",
    "stereo": f"inputs/speech/stereo.wav {GRID} --cues listeners",
    "flac": f"inputs/speech/stereo.flac {GRID} --channel 1 --silence mean --silence that",
    "float": f"inputs/speech/float.wav {GRID} --words-tier words --phones-tier phones",
    "loud": f"inputs/speech/loud.wav {GRID} --normalise recording",
    "silent": f"inputs/speech/silent.wav {GRID} --cues all",
    "tiled": "inputs/speech/tiled.wav inputs/speech/tiled.TextGrid --cues listeners",
    "tiled-pyworld": "inputs/speech/tiled.wav inputs/speech/tiled.TextGrid --pitch pyworld",
    "utf16": f"{WAV} inputs/speech/utf16.TextGrid",
    "crlf": f"{WAV} inputs/speech/crlf.TextGrid",
    "binary": f"{WAV} inputs/speech/binary.TextGrid --sentences pause:0",
    "short": f"{WAV} inputs/speech/short.TextGrid",
}
# What `lemf score` must refuse.
REFUSED = (
    f"{WAV} nowhere.TextGrid", f"nowhere.wav {GRID}", f"{WAV} {WAV}", f"{GRID} {GRID}",
    *(f"inputs/speech/{name}.wav {GRID}" for name in ("nan", "short", "none", "text")),
    *(f"{WAV} inputs/speech/{name}.TextGrid" for name in ("half", "empty", "bare")),
    f"{REALLY} --words-tier none", f"{REALLY} --phones-tier none", f"{REALLY} --sentences none",
    f"{REALLY} --sentences pause:x", f"{REALLY} --speaker Anna", f"{REALLY} --channel 2",
    f"{REALLY} --channel 0", f"{REALLY} --channel x", f"{REALLY} --pitch-range 800-71",
    f"{REALLY} --pitch-range 71", f"{REALLY} --weights loudness=1", f"{REALLY} --weights pitch=x",
    f"{REALLY} --weights inputs/speech/wrong.json", f"{REALLY} --weights gone.json",
    f"{REALLY} --cues all --weights inputs/speech/weights.json", f"{REALLY} --top 0",
    f"{REALLY} --format xml", f"{REALLY} --plot a.bmp", f"{REALLY} --contours a.txt",
    f"{REALLY} --textgrid gone/a.TextGrid", f"{REALLY} --plot a.csv --contours a.csv",
    f"{REALLY} --textgrid {GRID} --force", f"{COPASUL} --words-tier WRD", f"{REALLY} --nonsense",
)  # fmt: skip

CHAINS: dict[str, list[str]] = {
    **{
        f"lemf score {name}": [
            f"lemf score {inputs}",
            f"lemf score {inputs} --format csv",
            f"lemf score {inputs} {ALL_OUTPUTS} a.{'pdf' if 'pause:' in inputs else 'svg'}",
        ]
        for name, inputs in SCORED.items()
    },
    "lemf score formats": [
        f"lemf score {REALLY} --plot a.png --contours a.PitchTier",
        f"lemf score {DIDNT} --plot a.pdf --cues listeners",
        f"! lemf score {REALLY} --plot a.png",
        f"lemf score {DIDNT} --plot a.png --contours a.PitchTier --force",
        *(
            f"lemf score {EMODB} --format json --cues {cues} --pitch {pitch}"
            for cues in ("paper", "listeners", "all")
            for pitch in ("harvest", "praat", "pyworld")
        ),
        f"lemf score {REALLY} --format json {WEIGHTS}",
        f"lemf score {REALLY} --weights inputs/speech/weights.json --format csv",
    ],
    "lemf score refused": [f"! lemf score {one}" for one in REFUSED],
    "lemf plot": [
        f"lemf plot {REALLY} -o a.svg",
        f"lemf plot {DIDNT} -o a.png --cues listeners --top 1 --f0-axis semitones",
        f"lemf plot {LIBRI} -o a.pdf --sentences pause:0.1 --cues all --f0-axis hz",
        f"lemf plot {LIBRI} -o b.svg --sentences pause:0.1 --sentence 1 {WEIGHTS}",
        f"! lemf plot {LIBRI} -o c.svg --sentences pause:0.1 --sentence 99",
        f"! lemf plot {LIBRI} -o c.svg --sentences pause:0.1",
        f"! lemf plot {REALLY} -o a.svg",
    ],
    "lemf batch": [
        "lemf batch inputs/corpus/good -o a.parquet --jobs 1 --sentence-table s.parquet",
        "lemf batch inputs/corpus/good -o a.parquet --jobs 1 --sentence-table s.parquet",
        "! lemf batch inputs/corpus/good -o a.parquet --cues all",
        "lemf batch inputs/corpus/good -o a.parquet --cues all --force --jobs 2",
        "! lemf batch inputs/corpus/bad -o b.parquet --jobs 2 --features f.parquet",
        "lemf batch inputs/corpus/manifest.csv -o c.parquet --jobs 1 --normalise recording",
        "! lemf batch inputs/corpus/twice.csv -o d.parquet",
        "! lemf batch nowhere -o d.parquet",
        "lemf batch 'inputs/corpus/good/*/r*.wav' -o e.parquet --features e.f.parquet --jobs 1",
        "lemf batch data/libritts -o l.parquet --jobs 2 --sentences pause:0.2 --cues listeners",
        "! lemf batch data/mfa -o m.parquet --jobs 1 --words-tier none",
        "! lemf batch data/textgrids -o t.parquet --jobs 2 --features t.f.parquet",
    ],
    "lemf batch on a cluster": ["call cluster"],
    **{
        f"lemf batch {grids}": [
            f"lemf batch {GRIDS}/{grids} -o a.parquet --features f.parquet --jobs {jobs} "
            f"--sentence-table s.parquet {more}",
            *(
                f"lemf rescore f.parquet -o {cues}.parquet --cues {cues} --sentence-table "
                f"{cues}.s.parquet" + (" --duration word" if cues == "paper" else "")
                for cues in ("paper", "listeners", "all")
            ),
            "lemf rescore f.parquet -o same.parquet",
            f"lemf rescore f.parquet -o w.parquet {WEIGHTS} --normalise recording --cues paper",
            "lemf rescore f.parquet -o s1.parquet --normalise speaker --speaker-pattern '^..'",
            "lemf rescore f.parquet -o s2.parquet --normalise corpus --cues listeners",
            "! lemf rescore f.parquet -o s3.parquet --normalise speaker --speaker-pattern '^x'",
            "! lemf rescore a.parquet -o s4.parquet",
            "! lemf rescore f.parquet -o w.parquet",
        ]
        for grids, jobs, more in (
            ("textgrid", 2, ""),
            ("textgrid-praat", 1, "--pitch praat --words-tier word --phones-tier phoneme"),
            ("textgrid-espeak", 2, "--cues listeners --normalise recording"),
        )
    },
    "lemf evaluate": [
        f"lemf evaluate {LABELS} --jobs 1",
        f"lemf evaluate {LABELS} --cues paper --cues listeners --cues all --format markdown",
        f"lemf evaluate {LABELS} --cues listeners --format json --by speaker --by emotion "
        "--resamples 200 --seed 3 --clear-margin 0.5 --scores other=inputs/labels/scores.csv",
        f"lemf evaluate {LABELS} --weights pitch=2 --figure a.svg --by emotion --jobs 2",
        f"lemf batch {GRIDS}/textgrid -o praat.parquet --pitch praat --jobs 2",
        f"lemf evaluate {LABELS} --scores praat=praat.parquet --figure b.png --figure a.svg "
        "--force --by speaker --format markdown --weights inputs/speech/weights.json",
        f"lemf evaluate {LABELS} --figure c.pdf --resamples 50 --pitch praat --duration word",
        "lemf evaluate inputs/labels/textgrid-praat.jsonl --format json --words-tier word",
        "lemf evaluate inputs/labels/textgrid-espeak.jsonl --cues listeners",
        "lemf evaluate inputs/labels/meant.csv --format json --cues all --resamples 100",
        "! lemf evaluate inputs/labels/faulty.jsonl",
        f"! lemf evaluate {LABELS} --scores other={LABELS}",
        f"! lemf evaluate {LABELS} --figure a.svg",
    ],
    "lemf fit": [
        f"lemf fit {LABELS} -o softmax.json --held-out softmax.csv --jobs 2",
        f"lemf fit {LABELS} -o rank.json --method rank --cues listeners --resamples 50",
        f"lemf fit {LABELS} -o ridge.json --method ridge --regularisation 0.1 --cues all "
        "--cue loudness --cue pitch_area --held-out ridge.csv",
        f"lemf fit {LABELS} -o all.json --cues all --regularisation 1 --resamples 50 --jobs 2",
        f"lemf evaluate {LABELS} --weights all.json --scores softmax=softmax.csv --resamples 50",
        f"lemf score {REALLY} --weights all.json --format json",
        "lemf fit inputs/labels/textgrid-espeak.jsonl -o e.json --resamples 50 --method rank",
        f"! lemf fit {LABELS} -o all.json",
        f"! lemf fit {LABELS} -o x.json --cue nonsense",
        "! lemf fit inputs/labels/meant.csv -o x.json --method ridge --regularisation -1",
    ],
    "lemf in Python": [
        "call results",
        "call arrays",
        "call harvest",
        "call harvest_in_numpy",
        "call harvest_of_corpora",
        "call textgrids",
    ],
    "msfser corpora": [
        "msfser corpus iemocap inputs/iemocap -o iemocap --summary",
        "msfser corpus summary iemocap --figure a.svg",
        "msfser semantics les iemocap --jobs 1",
        "msfser corpus msp-podcast inputs/msp-podcast/MSP-PODCAST-Publish-1.6 -o m6 --summary",
        "msfser corpus msp-podcast inputs/msp-podcast/MSP-PODCAST-1.12 -o m12 --release 1.12",
        "msfser corpus msp-podcast inputs/msp-podcast/MSP-PODCAST-1.12 -o m --outside refuse",
        "! msfser corpus iemocap inputs/msp-podcast -o m",
        *(
            f"! msfser corpus table inputs/corpus/table.{suffix} -o {suffix} --label-bounds 1,7 "
            f"--column valence=val --figure {suffix}.{figure}"
            for suffix, figure in (("csv", "png"), ("tsv", "pdf"), ("jsonl", "svg"))
        ),
        "! msfser corpus table inputs/corpus/table.csv -o x --label-bounds 2,5 --outside refuse",
        "! msfser corpus table inputs/corpus/table.csv -o x",
        "msfser corpus summary csv",
        "msfser corpus mechanism -o mechanism --utterances 24 --seed 3 --jobs 2",
    ],
    "msfser semantics": [
        "! msfser corpus table inputs/corpus/table.csv -o t --label-bounds 1,7 --column "
        "valence=val",
        "msfser semantics gs t --from transcript",
        "msfser semantics les t --cues listeners --jobs 1",
        "msfser semantics les t --duration word --jobs 2",
        "msfser semantics es t --backend acoustic --jobs 1",
        "msfser semantics es t --backend kimi --export-jobs jobs.jsonl",
        "call kimi_replies",
        "! msfser semantics es t --backend kimi --from replies.jsonl",
        "serve msfser semantics es t --backend openai --url {url} --api-key x --in-flight 1",
        "serve msfser semantics es t --backend openai --url {url} --api-key x --in-flight 1 "
        "--no-schema --emotions Neutral,Angry",
        "msfser semantics gs t --model inputs/whisper --device cpu --batch-size 2",
        "msfser semantics gs t --engine transformers --model inputs/random-whisper --device cpu",
        "msfser semantics les t --jobs 1 --shard 1/2",
        "! msfser semantics gs gone --from transcript",
        "msfser encode t --encoder inputs/encoder --device cpu --batch-size 2",
    ],
    "msfser train": [
        "msfser corpus mechanism -o corpus --utterances 48 --jobs 1 --summary --reachable",
        "msfser semantics gs corpus --from transcript",
        "msfser semantics les corpus --jobs 2",
        "msfser semantics es corpus --backend jsonl --from corpus/es.jsonl",
        "msfser encode corpus --encoder inputs/encoder --device cpu",
        "msfser encode corpus --encoder inputs/encoder --device cpu",
        f"msfser train --preset tiny {TINY} --data corpus -o run --dry-run",
        f"msfser train --preset tiny --set model.text_dim=16 {TINY} --data corpus -o run",
        "msfser evaluate run --split test --split development --card --resamples 100",
        "msfser evaluate run/evaluation/predictions.parquet -o again --seed 1 --resamples 50",
        "msfser inspect run --split test",
        "msfser predict run corpus/audio/m00001.wav corpus/audio/m00002.wav "
        "--alignments corpus/alignment --embeddings a.npz",
        "msfser predict run examples --format csv --windows --window-s 1 --clamp",
        "msfser predict run/best examples/really.wav --format json --es acoustic",
        "msfser predict run inputs/corpus/speech.csv -o a.json --whisper inputs/whisper "
        "--embeddings a.parquet --encoder inputs/encoder",
        "! msfser predict run inputs/corpus/bad -o a.csv --no-texts",
        "call predictions",
    ],
    "msfser train otherwise": [
        "msfser corpus iemocap inputs/iemocap -o c",
        *(f"msfser semantics {one} --jobs 1" for one in ("les c", "es c --backend acoustic")),
        "msfser semantics gs c --from transcript",
        "msfser encode c --encoder inputs/encoder --device cpu",
        "msfser train --preset tiny --set model.text_dim=16 --set train.epochs=1 --set "
        "train.batch_size=4 --folds --data c -o folds",
        "msfser train --preset tiny --set model.text_dim=16 --set train.epochs=1 --set "
        "train.batch_size=4 --folds --data c -o folds --resume",
        "msfser evaluate folds --resamples 20 -o judged",
        "msfser train --config folds/fold1/config.toml --init folds/fold2 -o tuned --set "
        "train.accumulation=2 --set data.crop=random --set data.crop_s=0.5",
        "torchrun msfser train --config folds/fold1/config.toml -o two --set train.accumulation=2",
        "! msfser train --preset nonsense --data c -o x",
        "! msfser train --preset tiny --data c -o tuned",
        "! msfser evaluate nowhere",
    ],
    "msfser ablate": [
        "msfser corpus mechanism -o corpus --utterances 24 --jobs 1",
        "msfser semantics gs corpus --from transcript",
        "msfser encode corpus --encoder inputs/encoder --device cpu",
        f"{ABLATE} -o a --split test {TINY}",
        f"{ABLATE} -o a --split test {TINY} --jobs 2",
        f"{ABLATE} -o b --seeds 2 {TINY} --jobs 2",
        f"! {ABLATE} -o c --set train.nonsense=1",
    ],
    "msfser demo": [
        "msfser demo -o demo --utterances 24 --jobs 2 --set train.epochs=1 --set data.crop_s=0.5 "
        "--set train.batch_size=8",
    ],
}
SLOW: dict[str, list[str]] = {"msfser demo in full": ["msfser demo -o demo --jobs 2"]}
