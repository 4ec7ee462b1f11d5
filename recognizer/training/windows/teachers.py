"""Networks that a training learns from beside the labels (Hinton et al. 2015, Distilling the Knowledge)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from recognizer import weights
from recognizer.networks.protocol import Network
from recognizer.training.shared.errors import ConfigError
from recognizer.training.windows.config import TrainingConfig


def load_teachers(config: TrainingConfig, labels: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks of a configuration's ``teachers``, which see the same windows and know the same labels.

    Args:
        config: of the run that they teach.
        labels: in the order of the outputs of the network that is taught.

    Raises:
        ConfigError: one sees other windows or knows other labels.
        WeightsError: there are no such weights.
    """
    asked = {
        "labels": (labels, True),
        "layout": config.layout,
        "windows": (config.window_seconds, config.frames),
        "preprocessing": config.preprocessing,
    }
    networks = []
    for name in config.teachers:
        network, card = weights.load(name)
        theirs = {
            "labels": (card.classes, card.open_set),
            "layout": card.layout,
            "windows": (card.window_seconds, card.frames),
            "preprocessing": card.preprocessing,
        }
        for what, wanted in asked.items():
            if theirs[what] != wanted:
                raise ConfigError(
                    f"{card.name} cannot teach: its {what} are other ones than the configuration's. "
                    "Choose other teachers, or configure the same."
                )
        networks.append(network.eval().requires_grad_(False))
    return tuple(networks)


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
