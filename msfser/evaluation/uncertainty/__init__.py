"""How sure predictions are: the spread of ensembles, intervals that hold as often as they say.

`ensemble` averages models, `conformal` fits intervals, `intervals_file` keeps them, `coverage`
checks them on labels, `figure` draws that.
"""
