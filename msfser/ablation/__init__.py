"""Ablations, whose rows are trained and evaluated side by side, and the demo on synthetic speech.

`rows` reads what each row changes, `run` trains and evaluates, `table` computes the results,
`files` writes them; `demo` makes corpus, texts and rows, `demo_findings` checks what they show.
"""
