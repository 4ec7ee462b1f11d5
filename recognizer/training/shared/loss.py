"""What a training minimises."""

from __future__ import annotations

import torch
from torch import Tensor


def any_of_loss(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy where any of several classes may be right, averaged over the batch.

    -log of the summed probability of the right classes, with label smoothing; a row without a right class
    asks for the uniform distribution, so that the network is unsure about what it was never taught.

    Args:
        logits: (N, K).
        targets: (N, K) bool.
        smoothing: share of the uniform distribution in every target.
    """
    log_probability = logits.log_softmax(1)
    uniform = -log_probability.mean(1)
    known = targets.any(1)
    masked = torch.where(
        targets | ~known[:, None], log_probability, torch.full_like(log_probability, -torch.inf)
    )
    right = -masked.logsumexp(1)
    return torch.where(known, (1 - smoothing) * right + smoothing * uniform, uniform).mean()
