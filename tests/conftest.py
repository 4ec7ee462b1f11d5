"""Settings for all tests."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from platformdirs import user_cache_path

# Before anything imports torch or Gradio: small networks are quickest on one thread, and nothing calls home.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

# Of weights that tests train no fast graph is made: that takes half a minute. A file where the folder would
# be keeps the program, and what tests start, from it. What else is cached stays as it is.
CACHE = Path(tempfile.mkdtemp(prefix="pose2action-tests-"))
atexit.register(shutil.rmtree, CACHE, ignore_errors=True)
(CACHE / "pose2action").mkdir()
(CACHE / "pose2action" / "graphs").touch()
for model in user_cache_path("pose2action", appauthor=False).glob("*.task"):
    shutil.copy(model, CACHE / "pose2action")
os.environ["XDG_CACHE_HOME"] = str(CACHE)
os.environ["XDG_DATA_HOME"] = str(CACHE / "data")  # nothing of whoever runs the tests is there

# Shells start background jobs with Ctrl-C ignored, which the programs that the tests interrupt would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, and no test fails because a machine is slow.
settings.register_profile("reproducible", deadline=None, derandomize=True)
settings.load_profile("reproducible")

HERE = Path(__file__).parent
SLOW = tuple(
    line for line in (HERE / "slow.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what ``make check`` leaves out: all that drives a browser, and what slow.txt names."""
    for item in items:
        if item.path.is_relative_to(HERE / "browser"):
            item.add_marker(pytest.mark.browser)
        if item.nodeid.removeprefix("tests/").startswith(SLOW):
            item.add_marker(pytest.mark.slow)
