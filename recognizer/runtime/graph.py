"""A network as an ONNX graph, which ONNX Runtime computes: no PyTorch is imported.

A graph carries its card, a key of everything that it was made from, what the network answered to a few
random samples when it was made, and at its end its own hash (``sealed``), so that no damaged byte passes. The
samples are asked again whenever it is loaded: that tells a processor or a version of ONNX Runtime that
computes something else, and warms the graph up.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from functools import cache

import numpy as np

from pose.errors import UserError
from pose.layouts import LAYOUTS
from recognizer.card import WeightsCard
from recognizer.fields import shown
from recognizer.networks.attended import DualHeadAttention, LSTAAttention, SEMAttention, STFAttention
from recognizer.preprocess import channels
from recognizer.runtime.answer import Answer, rebuilt

FORMAT = 1
"""Counts up when the same weights must become another graph: where a network computes something else."""
CARD, KEY, ANSWERS = "card.json", "pose2action.key", "pose2action.answers"
"""Metadata of a graph."""
INPUT, LOGITS, EMBEDDINGS, ATTENTION = "windows", "logits", "embeddings", "attention."
"""Names of a graph's input, and of its outputs; the attention's follow their prefix."""
TOLERANCE = 1e-4
"""Largest difference of logits that is allowed, as a share of the largest one or of 1."""

_SEAL = b"\x72\x4a\x0a\x06sha256\x12\x40"
"""Before the hash: as protobuf writes an entry of 74 bytes into ``ModelProto.metadata_props``, field 14,
whose key, field 1, is "sha256" and whose value, field 2, has 64 characters. Entries may stand anywhere, so
that a sealed graph is an ONNX file like any other."""
_HASH = 64
_SAMPLES = 2
_MOST_THREADS = 4
_KINDS = {
    "lsta": LSTAAttention,
    "stf": STFAttention,
    "dualhead": DualHeadAttention,
    "sem": SEMAttention,
}
"""What the networks that can be graphs tell of what they looked at, by ``config.name``."""


class GraphError(UserError, ValueError):
    """A file is no graph of these weights, or computes something else. The message says which."""


def can_be_graph(card: WeightsCard) -> bool:
    """Whether the network has one; ONNX does not know SPA-Net's sparse convolutions."""
    return card.network.name in _KINDS


def sample_shape(card: WeightsCard) -> tuple[int, int, int, int]:
    """(C, T, V, M) of what the network takes."""
    layout = LAYOUTS[card.layout]
    return channels(layout, card.preprocessing), card.frames, len(layout), card.persons


def graph_key(card: WeightsCard) -> str:
    """Tells graphs apart: of the tensors' hash and of all in the card that makes the network."""
    parts = {
        "format": FORMAT,
        "tensors": card.sha256,
        "network": card.network,
        "layout": card.layout,
        "shape": sample_shape(card),
    }
    return hashlib.sha256(json.dumps(parts, default=vars, sort_keys=True).encode()).hexdigest()


def samples(card: WeightsCard) -> np.ndarray:
    """The samples whose answers a graph carries, (N, C, T, V, M) float32."""
    shape = (_SAMPLES, *sample_shape(card))
    return np.random.default_rng(0).normal(0, 0.3, shape).astype(np.float32)


def sealed(content: bytes) -> bytes:
    """A graph with its hash as the last entry of its metadata."""
    return content + _SEAL + hashlib.sha256(content).hexdigest().encode()


def _is_whole(content: bytes) -> bool:
    return content == sealed(content[: -len(_SEAL) - _HASH])


def packed(answer: Answer) -> str:
    """Logits and embeddings as metadata."""
    both = {LOGITS: answer.logits, EMBEDDINGS: answer.embeddings}
    return json.dumps(
        {name: base64.b64encode(array.astype("<f4").tobytes()).decode() for name, array in both.items()}
    )


def difference(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference, as a share of the largest value or of 1."""
    return float(np.abs(found - wanted).max() / max(1.0, float(np.abs(wanted).max())))


def network_threads(cores: int | None = None) -> int:
    """Threads that compute a network: half of the cores, four at most.

    The others are for pose estimation, which takes about one core a tab and, for a window, longer than a
    network does. ``python -m benchmarks.threads CLIP`` measures both at once, by cores and threads.
    """
    if cores is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(_MOST_THREADS, cores // 2))


class FastGraph:
    """An ``Engine``: a network's ``forward_in_full`` as ONNX Runtime computes it.

    Args:
        content: of an ONNX file.
        card: of the weights that it is to be a graph of.
        threads: that compute; by default ``network_threads()``.

    Raises:
        GraphError: it is none of theirs, or damaged.
    """

    def __init__(self, content: bytes, card: WeightsCard, threads: int | None = None) -> None:
        if not _is_whole(content):
            raise GraphError("it is damaged, or of an older version of the program")
        runtime = onnx_runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads or network_threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.enable_cpu_mem_arena = False  # it keeps 20 to 40 MB for ever, and is not faster
        # Threads that wait by spinning would take the cores from the pose estimator.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            about = self._session.get_modelmeta().custom_metadata_map
        except Exception as error:  # ONNX Runtime has a dozen kinds without a common one
            raise GraphError(f"ONNX Runtime cannot read it: {_briefly(error)}") from None
        if about.get(KEY) != graph_key(card):
            raise GraphError("it is a graph of other weights, or of another version of the program")
        self._kind = _KINDS[card.network.name]
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._check(card, about.get(ANSWERS, ""))

    def __call__(self, batch: np.ndarray) -> Answer:
        found = dict(zip(self._outputs, self._session.run(None, {INPUT: batch}), strict=True))
        looked = {
            name.removeprefix(ATTENTION): array for name, array in found.items() if name.startswith(ATTENTION)
        }
        return Answer(found[LOGITS], found[EMBEDDINGS], rebuilt(self._kind, looked))

    def _check(self, card: WeightsCard, answers: str) -> None:
        try:
            wanted = {
                name: np.frombuffer(base64.b64decode(text), "<f4")
                for name, text in json.loads(answers).items()
            }
            answer = self(samples(card))
            away = max(
                difference(answer.logits.ravel(), wanted[LOGITS]),
                difference(answer.embeddings.ravel(), wanted[EMBEDDINGS]),
            )
        except Exception as error:  # what a damaged graph raises when it runs is anybody's guess
            raise GraphError(f"it is damaged: {_briefly(error)}") from None
        if not away <= TOLERANCE:
            raise GraphError(f"it is damaged: its answers are {away:.2g} away from the network's")


def _briefly(error: Exception) -> str:
    """The first line of an error; ONNX Runtime's may hold whole paths and tensors."""
    return shown((str(error) or repr(error)).splitlines()[0], 300)


@cache
def onnx_runtime():
    """The module ``onnxruntime``. From 1.29 on it tells its maker of its use, unless it is told not to before
    it is imported: nothing leaves the machine."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # what Windows does instead
    return onnxruntime
