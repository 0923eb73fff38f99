"""For both packages: Hypothesis draws the same examples every time; Ctrl-C reaches children."""

import signal

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs this by "&"
