"""The data of a run: which utterances it takes, their first look, and a record of what they were.

`prepare` is called by the loop; `record` tells a resumed run what has changed since.
"""
