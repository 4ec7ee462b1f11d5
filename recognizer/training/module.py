"""The Lightning module: loss, optimiser, schedule and validation of one run."""

from __future__ import annotations

import math

import lightning as L
import torch
from torch import Tensor, nn

from recognizer.networks.dualhead import DualHeadNet
from recognizer.training.config import ConfigError, TrainingConfig


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


def supervised(network: nn.Module, x: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
    """The logits that the loss is about, of several heads where there are, and those that recognise."""
    if isinstance(network, DualHeadNet):
        heads = network.forward_heads(x)  # Sec. 3.6 supervises both
        return heads, network.fuse(*heads).detach()
    logits = network(x)
    return (logits,), logits


class RecognitionModule(L.LightningModule):
    """Trains a network on batches of (windows, targets); validates on whole clips.

    Args:
        network: (N, C, T, V, 1) -> (N, K).
        config: of the run.
    """

    def __init__(self, network: nn.Module, config: TrainingConfig):
        super().__init__()
        self.network = network
        self.config = config
        self._validation: list[tuple[float, bool, bool]] = []

    def on_train_batch_start(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        # Like the batches, dropout depends on seed and step alone: a resumed run drops what an uninterrupted
        # one would have dropped.
        torch.manual_seed((self.config.seed << 32) + self.global_step)

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        windows, targets = batch
        heads, logits = supervised(self.network, windows)
        loss = sum(any_of_loss(head, targets, self.config.label_smoothing) for head in heads) / len(heads)
        if not torch.isfinite(loss):
            raise ConfigError(
                f"The loss is no finite number any more, in step {self.global_step}: lower learning_rate "
                f"({self.config.learning_rate:g}); the checkpoint of the last validation is kept."
            )
        right = targets[torch.arange(len(targets)), logits.argmax(1)].float().mean()
        self.log_dict({"loss": loss.detach(), "top1": right}, prog_bar=True)
        return loss

    def validation_step(self, clip: tuple[Tensor, tuple[int, ...], bool], _: int) -> None:
        windows, targets, real = clip
        probabilities = self.network(windows).softmax(1).mean(0)
        right = float(probabilities[list(targets)].sum())
        self._validation.append((right, int(probabilities.argmax()) in targets, real))

    def on_validation_epoch_end(self) -> None:
        scores = []
        for name, wanted in (("real", True), ("lab", False)):
            part = [(right, top1) for right, top1, is_real in self._validation if is_real is wanted]
            if part:
                self.log(f"top1_{name}", sum(top1 for _, top1 in part) / len(part), prog_bar=True)
                scores.append(sum(right for right, _ in part) / len(part))
        self._validation = []
        # The probability of what is right, not top-1: with few clips, top-1 is mostly chance. Lab recordings
        # are many and easy, real clips few and what matters: both count the same.
        self.log("val", sum(scores) / len(scores), prog_bar=True)

    def configure_optimizers(self):
        config = self.config
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [
            {"params": decayed, "weight_decay": config.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ]
        optimizer = torch.optim.SGD(groups, lr=config.learning_rate, momentum=0.9, nesterov=True)
        warm = max(1, config.steps // 20)

        def factor(step: int) -> float:
            if step < warm:
                return (step + 1) / warm
            return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, config.steps - warm))))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
