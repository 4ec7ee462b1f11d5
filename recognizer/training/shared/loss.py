"""What a training minimises."""

from __future__ import annotations

import torch
from torch import Tensor


def any_of_loss(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy where any of several classes may be right, averaged over the batch.

    -log of the summed probability of the right classes, with label smoothing.

    Args:
        logits: (N, K); of half precision, they are made single first.
        targets: (N, K) bool, at least one right class a row.
        smoothing: share of the uniform distribution in every target.
    """
    single = torch.promote_types(logits.dtype, torch.float32)  # autocast on the CPU would not do it
    log_probability = logits.log_softmax(1, dtype=single)
    uniform = -log_probability.mean(1)
    right = -log_probability.masked_fill(~targets, -torch.inf).logsumexp(1)
    return ((1 - smoothing) * right + smoothing * uniform).mean()


def distillation_loss(logits: Tensor, probabilities: Tensor) -> Tensor:
    """Kullback-Leibler divergence of a network's probabilities from its teachers', averaged over the batch.

    Hinton et al. 2015, Sec. 2, at temperature 1: teachers trained with smoothed labels are soft already.

    Args:
        logits: (N, K); of half precision, they are made single first.
        probabilities: (N, K) of the teachers, each row adding up to 1.
    """
    single = torch.promote_types(logits.dtype, torch.float32)  # autocast on the CPU would not do it
    log_probability = logits.log_softmax(1, dtype=single)
    return torch.nn.functional.kl_div(log_probability, probabilities, reduction="batchmean")
