"""For those who cannot wait half a minute for a fast graph: PyTorch answers until it has been made."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np

from recognizer import weights
from recognizer.card import WeightsCard
from recognizer.runtime.answer import Answer, Engine
from recognizer.runtime.graph import network_threads, sample_shape
from recognizer.runtime.keeping import found_graph, made_graph

log = logging.getLogger(__name__)


class Meanwhile:
    """An ``Engine``: the network as PyTorch computes it, and its graph as soon as that is made.

    A thread waits for the graph; it is no reason for a program to go on.

    Args:
        tensors: safetensors file of the weights.
        card: theirs.

    Raises:
        WeightsError: as ``weights.load``.
    """

    def __init__(self, tensors: Path, card: WeightsCard) -> None:
        from recognizer.runtime.eager import EagerNetwork

        network, _ = weights.load(tensors)
        self.engine: Engine = EagerNetwork(network, sample_shape(card), threads=network_threads())
        making = threading.Thread(target=self._make, args=(tensors, card), name="graph-making", daemon=True)
        making.start()

    def __call__(self, batch: np.ndarray) -> Answer:
        return self.engine(batch)

    def _make(self, tensors: Path, card: WeightsCard) -> None:
        try:
            graph = made_graph(tensors, card, gently=True)
        except Exception:
            log.exception("the fast graph of %s could not be made", card.name)
            return
        if graph is not None:
            self.engine = graph


def engine_at_once(tensors: Path, card: WeightsCard) -> Engine:
    """What computes weights from now on: their graph if it is there, or else what becomes it."""
    return found_graph(tensors, card) or Meanwhile(tensors, card)
