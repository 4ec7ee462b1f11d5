"""From windows of skeletons to named actions, and to embeddings from which others may be learned.

``WindowRecognizer.predict`` gives labels, ``WindowRecognizer.embed`` (N, D) embeddings of the same windows;
one pass through the network gives both, and every ``Prediction`` holds its embedding. PyTorch is imported
only where a network needs it: see ``recognizer.runtime``.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from pose.layouts import LAYOUTS, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.attention import AttentionMaps, attention_maps
from recognizer.card import WeightsCard, WeightsError
from recognizer.networks.configs import LSTAConfig
from recognizer.prediction import Prediction
from recognizer.preprocess import Preprocessing, network_input
from recognizer.runtime.answer import Engine
from recognizer.runtime.graph import can_be_graph, network_threads, sample_shape
from recognizer.runtime.keeping import fast_graph
from recognizer.runtime.meanwhile import engine_at_once
from recognizer.runtime.spa import VoxelNetwork
from recognizer.together import Together
from recognizer.windows import GLIMPSE_SHARE

if TYPE_CHECKING:
    from recognizer.networks.protocol import Network
    from recognizer.networks.spa import SPANet


SparseBackend = Literal["torch", "minkowski", "auto"]
"""Who computes SPA-Net's convolutions, see ``recognizer.sparse.Backend``; by default, on the CPU, NumPy."""


def untrained_card(
    layout: str = "kinetics-18",
    classes: tuple[str, ...] = ("clap", "idle", "squat", "wave"),
    frames: int = 32,
) -> WeightsCard:
    """Card of a small LSTA-Net that nobody has trained."""
    return WeightsCard(
        name="untrained", network=LSTAConfig(width=0.25), layout=layout,
        window_seconds=3.0, frames=frames, preprocessing=Preprocessing(), classes=classes, threshold=0.5,
        data="none", licence="none", training={}, metrics={}, sha256="",
    )  # fmt: skip


class WindowRecognizer(ABC):
    """What names actions in windows, one network or several; its card says which windows and which actions.

    Args:
        card: of the weights; of all together, where there are several.
    """

    def __init__(self, card: WeightsCard):
        self.card = card

    @property
    def layout(self) -> SkeletonLayout:
        """Layout of the windows that the network takes."""
        return LAYOUTS[self.card.layout]

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels, in the order of ``Prediction.probabilities``."""
        return self.card.classes

    @property
    def threshold(self) -> float:
        """Probability under which an action is not known."""
        return self.card.threshold

    @property
    def window_seconds(self) -> float:
        """Length of a window."""
        return self.card.window_seconds

    @property
    def frames(self) -> int:
        """Frames of a window."""
        return self.card.frames

    @abstractmethod
    def predict(self, windows: Sequence[SkeletonSequence], attention: bool = False) -> list[Prediction]:
        """Recognises all windows in one batch.

        Args:
            windows: each of one person (M = 1) and ``frames`` frames, raw pixels or metres.
            attention: also tell what the network looked at.

        Raises:
            WeightsError: a window has another layout, person or frame count than the weights want, or the
                answer is no number.
        """

    def predict_live(
        self,
        windows: Sequence[SkeletonSequence],
        newest: Sequence[SkeletonSequence],
        attention: bool = False,
    ) -> list[Prediction]:
        """Recognises windows by themselves and by their newest part: the mean of both probabilities, in which
        the part has ``GLIMPSE_SHARE``. The embedding and the attention are those of the whole windows.

        Args:
            windows, attention: as ``predict`` takes them.
            newest: of each window, the last part as a window: ``GLIMPSE`` of its length.

        Raises:
            WeightsError: as ``predict``.
        """
        answers = self.predict([*windows, *newest], attention)
        return [
            replace(
                whole,
                probabilities=(1 - GLIMPSE_SHARE) * whole.probabilities + GLIMPSE_SHARE * part.probabilities,
            )
            for whole, part in zip(answers[: len(windows)], answers[len(windows) :], strict=True)
        ]

    def embed(self, windows: Sequence[SkeletonSequence]) -> np.ndarray:
        """What the network makes of windows before it names anything: similar actions lie close together.

        Returns:
            (N, D) float32, (0, 0) of no windows. Each network's embedding has length 1; those of a fusion's
            members, in their order, lie side by side.

        Raises:
            WeightsError: as ``predict``.
        """
        answers = self.predict(windows)
        embeddings = [answer.embedding for answer in answers if answer.embedding is not None]
        return np.stack(embeddings) if embeddings else np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class _Asked:
    """A window, what the network sees of it, and whether somebody wants to know what that looks at."""

    window: SkeletonSequence
    sample: np.ndarray
    attention: bool


class Recognizer(WindowRecognizer):
    """A trained network, ready for windows. Calls of several threads become one batch.

    Example:
        >>> recognizer = Recognizer.load("kinetics-18-lsta-daily")
        >>> prediction, = recognizer.predict([window])
        >>> prediction.top(1)[0].label

    Args:
        engine: computes the network.
        card: of its weights.
    """

    def __init__(self, engine: Engine, card: WeightsCard):
        super().__init__(card)
        self.engine = engine
        self._together: Together[_Asked, Prediction] = Together(self._answers)

    @classmethod
    def load(
        cls,
        name: str | Path,
        device: str | None = None,
        sparse_backend: SparseBackend = "auto",
        at_once: bool = False,
    ) -> Recognizer:
        """Loads weights by name or path: on the CPU as a fast graph, and SPA-Net as NumPy computes it.

        Args:
            name: of shipped weights, or a path.
            device: of PyTorch; CUDA where present, otherwise the CPU, by default.
            sparse_backend: who computes SPA-Net's convolutions; other networks have none.
            at_once: where the graph has to be made first, PyTorch computes until it is there.

        Raises:
            WeightsError: with one sentence, see ``weights.load``.
            SparseError: MinkowskiEngine was asked for and cannot be imported.
        """
        tensors, card = weights.check(name)
        device = device or default_device()
        if device == "cpu" and can_be_graph(card):
            graph = engine_at_once(tensors, card) if at_once else fast_graph(tensors, card)
            if graph is not None:
                return cls(graph, card)
        if device == "cpu" and card.network.name == "spa" and sparse_backend == "auto":
            return cls(VoxelNetwork(*weights.load_arrays(tensors)), card)
        network, card = weights.load(name)
        if card.network.name == "spa":
            if sparse_backend == "minkowski":
                from recognizer.sparse.minkowski_backend import minkowski_engine

                minkowski_engine()  # now rather than at the first window
            cast("SPANet", network).backend = sparse_backend
        return cls.of(network, card, device, network_threads())

    @classmethod
    def of(
        cls, network: Network, card: WeightsCard, device: str = "cpu", threads: int | None = None
    ) -> Recognizer:
        """The recogniser of a network that is in memory, as PyTorch computes it.

        Args:
            network: is put into evaluation mode and on the device.
            card: describes it.
            device: of PyTorch.
            threads: of PyTorch on the CPU; None leaves them as they are.
        """
        from recognizer.runtime.eager import EagerNetwork

        return cls(EagerNetwork(network, sample_shape(card), device, threads), card)

    @classmethod
    def untrained(cls, layout: str = "kinetics-18", **choices) -> Recognizer:
        """A small network with random weights, for tests and benchmarks of everything around it."""
        import torch

        card = untrained_card(layout, **choices)
        torch.manual_seed(0)
        return cls.of(weights.build_network(card), card)

    def predict(self, windows: Sequence[SkeletonSequence], attention: bool = False) -> list[Prediction]:
        """See ``WindowRecognizer.predict``."""
        if not windows:
            return []
        return list(self._together([_Asked(window, self._input(window), attention) for window in windows]))

    def _answers(self, asked: Sequence[_Asked]) -> list[Prediction]:
        answer = self.engine(np.stack([each.sample for each in asked]))
        with np.errstate(over="ignore", invalid="ignore"):  # what is no number is told below
            probabilities = softmax(answer.logits)[:, : len(self.classes)]
            embeddings = unit_length(answer.embeddings)
        if not np.isfinite(probabilities).all():  # of weights as large as numbers can be
            raise WeightsError(f"The weights {self.card.name} give no numbers: train them again.")
        maps: Sequence[AttentionMaps | None] = [None] * len(asked)
        if any(each.attention for each in asked):
            maps = attention_maps(answer.attention) or [AttentionMaps()] * len(asked)
        return [
            Prediction(
                row,
                self.classes,
                float(each.window.timestamps[0]),
                float(each.window.timestamps[-1]),
                seen if each.attention else None,
                embedding,
            )
            for each, row, seen, embedding in zip(asked, probabilities, maps, embeddings, strict=True)
        ]

    def _input(self, window: SkeletonSequence) -> np.ndarray:
        if window.layout is not self.layout:
            raise WeightsError(
                f"The weights {self.card.name} take {self.layout.name} skeletons, "
                f"and these are {window.layout.name}."
            )
        if window.joints.shape[:2] != (1, self.frames):
            raise WeightsError(
                f"The weights {self.card.name} take windows of 1 person and {self.frames} frames, "
                f"and this one has {window.joints.shape[0]} and {window.joints.shape[1]}."
            )
        try:
            values = network_input(
                window.joints[0], window.confidence[0], self.layout, self.card.preprocessing
            )
        except ValueError as error:
            raise WeightsError(f"The weights {self.card.name} cannot be used live: {error}.") from None
        return np.pad(values[..., None], [(0, 0)] * 3 + [(0, self.card.persons - 1)])


def softmax(logits: np.ndarray) -> np.ndarray:
    """(N, K) -> (N, K) probabilities."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """(N, D) -> (N, D) of length 1; nothing but zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, np.finfo(vectors.dtype).tiny)


def default_device() -> str:
    """ "cuda" on a machine with a GPU that PyTorch can use, otherwise "cpu".

    PyTorch, which takes seconds to import, is asked only where there is NVIDIA's driver.
    """
    if shutil.which("nvidia-smi") is None and not Path("/proc/driver/nvidia").exists():
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
