"""``python -m recognizer.runtime WEIGHTS OUT [gently]`` writes the ONNX graph of weights: see ``keeping``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pose.errors import UserError
from recognizer import weights
from recognizer.runtime.making import make_graph

if __name__ == "__main__":
    if sys.argv[3:] == ["gently"] and hasattr(os, "nice"):
        os.nice(10)  # the live sessions come first
    try:
        Path(sys.argv[2]).write_bytes(make_graph(*weights.load(sys.argv[1])))
    except UserError as error:
        sys.exit(str(error))
