"""Weights between those that a run began with and those that it made."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from recognizer.training.windows.module import ValidationClip, judge, probability_of_what_is_right


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
