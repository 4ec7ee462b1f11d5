"""Settings for all tests."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

# Before anything imports torch or Gradio: small networks are quickest on one thread, and nothing calls home.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

# Shells start background jobs with Ctrl-C ignored, which the programs that the tests interrupt would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, and no test fails because a machine is slow.
settings.register_profile("reproducible", deadline=None, derandomize=True)
settings.load_profile("reproducible")
