"""Networks that a training learns from beside the labels (Hinton et al. 2015, Distilling the Knowledge)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from recognizer.networks.protocol import Network
from recognizer.training.windows.config import TrainingConfig
from recognizer.training.windows.others import load_alike


def load_teachers(config: TrainingConfig, labels: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks of a configuration's ``teachers``, which see the same windows and know the same labels.

    Args:
        config: of the run that they teach.
        labels: in the order of the outputs of the network that is taught.

    Raises:
        ConfigError: one sees other windows or knows other labels.
        WeightsError: there are no such weights.
    """
    networks = load_alike(config.teachers, config, labels, "teach")
    return tuple(network.eval().requires_grad_(False) for network in networks)


@torch.no_grad()
def taught_probabilities(teachers: Sequence[Network], windows: Tensor) -> Tensor:
    """What the teachers say together: the mean of their probabilities, as a fusion answers.

    Args:
        teachers: one or more, of the same K outputs.
        windows: (N, C, T, V, 1).

    Returns:
        (N, K) float32.
    """
    answers = [teacher(windows).float().softmax(1) for teacher in teachers]
    return torch.stack(answers).mean(0)
