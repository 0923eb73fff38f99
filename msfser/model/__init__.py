"""Figure 1 of the paper, one module for each box; `msf_ser` wires them.

`folder` writes and reads trained models, `hub` finds them, `wavlm` is the acoustic encoder.
"""
