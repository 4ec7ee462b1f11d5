"""Weights averaged: of runs that began with the same, and of what they began with."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from recognizer.training.shared.errors import ConfigError
from recognizer.training.windows.config import TrainingConfig
from recognizer.training.windows.module import ValidationClip, judge, probability_of_what_is_right
from recognizer.training.windows.others import load_alike


def load_soup(
    config: TrainingConfig, network: nn.Module, labels: tuple[str, ...]
) -> tuple[dict[str, Tensor], ...]:
    """The tensors of a configuration's ``soup``.

    Args:
        config: of the run.
        network: that it trains.
        labels: in the order of its outputs.

    Raises:
        ConfigError: some see other windows, know other labels or are of another network.
        WeightsError: there are no such weights.
    """
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    soup = []
    others = load_alike(config.soup, config, labels, "be averaged with what this run makes")
    for path, other in zip(config.soup, others, strict=True):
        tensors = other.state_dict()
        if {name: tensor.shape for name, tensor in tensors.items()} != shapes:
            raise ConfigError(
                f"{path} cannot be averaged with what this run makes: its network is another one than "
                "the configuration's. Choose others, or configure the same."
            )
        soup.append(tensors)
    return tuple(soup)


def average(network: nn.Module, others: Sequence[dict[str, Tensor]]) -> None:
    """Gives a network the mean of its weights and those of others.

    Networks that were trained further from the same weights, with other seeds and settings, lie around
    better weights than each of them (Wortsman et al., "Model soups", 2022, the uniform soup). Statistics of
    batch norm are averaged like weights.

    Args:
        network: trained; takes over the mean.
        others: the ``state_dict`` of each of the others, of the same shapes.
    """
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.stack([tensor, *(other[name] for other in others)]).mean(0))


def choose_blend(
    network: nn.Module, beginning: dict[str, Tensor], shares: Sequence[float], clips: Sequence[ValidationClip]
) -> tuple[float, float]:
    """Gives a network the best of some mixtures of its weights with those that it began with.

    A straight line between weights before and after further training often passes through better ones than
    both (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022). Statistics of batch norm are mixed
    like weights.

    Args:
        network: trained, in evaluation mode; takes over what is chosen.
        beginning: its ``state_dict`` before the training.
        shares: of ``beginning``, each in [0, 1]; 0 leaves the network as it is.
        clips: of the validation part.

    Returns:
        The share that gives what is right the highest probability, of equal ones the first, and that
        probability (``probability_of_what_is_right``).
    """
    trained = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    def mix(share: float) -> None:
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                # Written so that 0 gives exactly what was trained, and 1 the beginning.
                tensor.copy_((1 - share) * trained[name] + share * beginning[name])

    probabilities = []
    for share in shares:
        mix(share)
        with torch.inference_mode():
            probabilities.append(probability_of_what_is_right([judge(network, clip) for clip in clips]))
    best = max(probabilities)
    chosen = shares[probabilities.index(best)]
    mix(chosen)
    return chosen, best
