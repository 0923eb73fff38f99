"""Several trainings of one command: `run_jobs` runs them in turn or side by side.

`claimed_gpu` gives each of those that run side by side a GPU of its own.
"""
