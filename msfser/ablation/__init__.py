"""Train and judge the rows of a table of ablations, and the demo on synthetic speech.

`rows` reads the table, `run` trains, `table` and `files` show the results.
"""
