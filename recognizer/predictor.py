"""From windows of skeletons to named actions, and to embeddings from which others may be learned.

``WindowRecognizer.predict`` gives labels, ``WindowRecognizer.embed`` (N, D) embeddings of the same windows;
one pass through the network gives both, and every ``Prediction`` holds its embedding.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pose.layouts import LAYOUTS, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.attention import AttentionMaps, attention_maps
from recognizer.frozen import FrozenNetwork
from recognizer.networks.lsta import LSTAConfig
from recognizer.networks.spa import SPANet
from recognizer.preprocess import Preprocessing, channels, network_input
from recognizer.sparse import Backend
from recognizer.sparse.minkowski_backend import minkowski_engine


@dataclass(frozen=True)
class LabelScore:
    """A label and its probability."""

    label: str
    score: float


@dataclass(frozen=True)
class Prediction:
    """What one window shows.

    Attributes:
        probabilities: (K,) float32, in the order of ``classes``. What they lack to 1 is the probability that
            it is none of them, of weights that were taught that (``WeightsCard.open_set``).
        classes: the weights' labels.
        start, end: the window's time span in seconds.
        attention: what the network looked at, if it was asked for.
        embedding: (D,) float32, what ``WindowRecognizer.embed`` gives for the window.
    """

    probabilities: np.ndarray
    classes: tuple[str, ...]
    start: float
    end: float
    attention: AttentionMaps | None = None
    embedding: np.ndarray | None = None

    def top(self, count: int = 5) -> tuple[LabelScore, ...]:
        """The most probable labels, best first."""
        return top_labels(self.probabilities, self.classes, count)


def top_labels(probabilities: np.ndarray, classes: Sequence[str], count: int = 5) -> tuple[LabelScore, ...]:
    """The ``count`` most probable of ``classes``, best first."""
    order = np.argsort(-probabilities, kind="stable")[:count]
    return tuple(LabelScore(classes[index], float(probabilities[index])) for index in order)


def untrained_card(
    layout: str = "kinetics-18",
    classes: tuple[str, ...] = ("clap", "idle", "squat", "wave"),
    frames: int = 32,
) -> weights.WeightsCard:
    """Card of a small LSTA-Net that nobody has trained."""
    return weights.WeightsCard(
        name="untrained", network=LSTAConfig(width=0.25), layout=layout,
        window_seconds=3.0, frames=frames, preprocessing=Preprocessing(), classes=classes, threshold=0.5,
        data="none", licence="none", training={}, metrics={}, sha256="",
    )  # fmt: skip


class WindowRecognizer(ABC):
    """What names actions in windows, one network or several; its card says which windows and which actions.

    Args:
        card: of the weights; of all together, where there are several.
    """

    def __init__(self, card: weights.WeightsCard):
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

    def embed(self, windows: Sequence[SkeletonSequence]) -> np.ndarray:
        """What the network makes of windows before it names anything: similar actions lie close together.

        Returns:
            (N, D) float32, (0, 0) of no windows. Each network's embedding has length 1; those of a fusion's
            members, in their order, lie side by side.

        Raises:
            WeightsError: as ``predict``.
        """
        embeddings = [prediction.embedding for prediction in self.predict(windows)]
        return np.stack(embeddings) if embeddings else np.zeros((0, 0), np.float32)


class Recognizer(WindowRecognizer):
    """A trained network, ready for windows. Runs on CUDA where present, otherwise on the CPU.

    Example:
        >>> recognizer = Recognizer.load("kinetics-18-lsta-daily")
        >>> prediction, = recognizer.predict([window])
        >>> prediction.top(1)[0].label
    """

    def __init__(self, network: nn.Module, card: weights.WeightsCard, device: str | None = None):
        super().__init__(card)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._network = network.eval().to(self.device)
        self._forward = (
            network.forward_in_full
            if isinstance(network, SPANet)
            else FrozenNetwork(self._network, self._example())
        )

    @classmethod
    def load(
        cls, name: str | Path, device: str | None = None, sparse_backend: Backend = "auto"
    ) -> Recognizer:
        """Loads weights by name or path.

        Args:
            name: of shipped weights, or a path.
            device: of PyTorch; CUDA where present, otherwise the CPU, by default.
            sparse_backend: who computes SPA-Net's convolutions; other networks have none.

        Raises:
            WeightsError: with one sentence, see ``weights.load``.
            SparseError: MinkowskiEngine was asked for and cannot be imported.
        """
        network, card = weights.load(name)
        if isinstance(network, SPANet):
            if sparse_backend == "minkowski":
                minkowski_engine()  # now rather than at the first window
            network.backend = sparse_backend
        return cls(network, card, device)

    @classmethod
    def untrained(cls, layout: str = "kinetics-18", **choices) -> Recognizer:
        """A small network with random weights, for tests and benchmarks of everything around it."""
        card = untrained_card(layout, **choices)
        torch.manual_seed(0)
        return cls(weights.build_network(card), card)

    def predict(self, windows: Sequence[SkeletonSequence], attention: bool = False) -> list[Prediction]:
        """See ``WindowRecognizer.predict``."""
        if not windows:
            return []
        batch = torch.from_numpy(np.stack([self._input(window) for window in windows])).to(self.device)
        with torch.inference_mode():
            logits, embeddings, attended = self._forward(batch)
            probabilities = logits.float().softmax(1)[:, : len(self.classes)].cpu().numpy()
            embeddings = torch.nn.functional.normalize(embeddings.float()).cpu().numpy()
        if not np.isfinite(probabilities).all():  # of weights as large as numbers can be
            raise weights.WeightsError(f"The weights {self.card.name} give no numbers: train them again.")
        maps: Sequence[AttentionMaps | None] = [None] * len(windows)
        if attention:
            maps = attention_maps(attended) or [AttentionMaps()] * len(windows)
        return [
            Prediction(row, self.classes, float(window.timestamps[0]), float(window.timestamps[-1]), *more)
            for row, window, *more in zip(probabilities, windows, maps, embeddings, strict=True)
        ]

    def _example(self) -> Tensor:
        width = channels(self.layout, self.card.preprocessing)
        shape = (1, width, self.frames, len(self.layout), self.card.persons)
        return torch.zeros(shape, device=self.device)

    def _input(self, window: SkeletonSequence) -> np.ndarray:
        if window.layout is not self.layout:
            raise weights.WeightsError(
                f"The weights {self.card.name} take {self.layout.name} skeletons, "
                f"and these are {window.layout.name}."
            )
        if window.joints.shape[:2] != (1, self.frames):
            raise weights.WeightsError(
                f"The weights {self.card.name} take windows of 1 person and {self.frames} frames, "
                f"and this one has {window.joints.shape[0]} and {window.joints.shape[1]}."
            )
        try:
            values = network_input(
                window.joints[0], window.confidence[0], self.layout, self.card.preprocessing
            )
        except ValueError as error:
            raise weights.WeightsError(
                f"The weights {self.card.name} cannot be used live: {error}."
            ) from None
        return np.pad(values[..., None], [(0, 0)] * 3 + [(0, self.card.persons - 1)])


def recognise_on_one_core() -> None:
    """Lets networks run on one core, seen from the calling thread and from threads that start later.

    The pose estimator keeps another core busy all the time. Torch's threads wait for each other by spinning,
    so with fewer free cores than threads a window takes many times as long as on one thread.
    """
    torch.set_num_threads(1)
