"""The Lightning module: loss, optimiser, schedule and validation of one run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import lightning as L
import torch
from torch import Tensor, nn

from recognizer.networks.protocol import Network
from recognizer.training.shared.errors import ConfigError
from recognizer.training.shared.loss import any_of_loss, distillation_loss
from recognizer.training.windows.config import TrainingConfig
from recognizer.training.windows.teachers import taught_probabilities

ValidationClip = tuple[Tensor, tuple[int, ...], bool]
"""Windows (W, C, T, V, 1) of a clip, the classes that are right, and whether a real camera saw it."""


class Judged(NamedTuple):
    """A network's answer to a clip.

    Attributes:
        right: probability of the classes that are right.
        top1: whether the most probable class is one of them.
        real: whether a real camera saw the clip.
    """

    right: float
    top1: bool
    real: bool


def judge(network: nn.Module, clip: ValidationClip) -> Judged:
    """Asks a network about a clip: the mean of the probabilities that it gives to its windows."""
    windows, targets, real = clip
    probabilities = network(windows).softmax(1).mean(0)
    return Judged(float(probabilities[list(targets)].sum()), int(probabilities.argmax()) in targets, real)


def probability_of_what_is_right(clips: Sequence[Judged]) -> float:
    """Its mean over the clips of real cameras and over those of the laboratory, and the mean of both.

    The probability, not top-1: with few clips, top-1 is mostly chance. Lab recordings are many and easy, real
    clips few and what matters: both count the same.
    """
    means = []
    for wanted in (True, False):
        part = [judged.right for judged in clips if judged.real is wanted]
        if part:
            means.append(sum(part) / len(part))
    return sum(means) / len(means)


class RecognitionModule(L.LightningModule):
    """Trains a network on batches of (windows, targets); validates on whole clips.

    Args:
        network: one of ``recognizer.networks``, for (N, C, T, V, 1) -> (N, K).
        config: of the run.
        teachers: of the configuration, as ``load_teachers`` gives them.
    """

    def __init__(self, network: Network, config: TrainingConfig, teachers: tuple[Network, ...] = ()):
        super().__init__()
        self.network: Network = network
        self.config = config
        self.teachers = teachers  # in a tuple, so that they are no part of the checkpoints
        self._validation: list[Judged] = []

    def on_fit_start(self) -> None:
        for teacher in self.teachers:
            teacher.to(self.device)

    def on_train_batch_start(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        # Like the batches, dropout depends on seed and step alone: a resumed run drops what an uninterrupted
        # one would have dropped.
        torch.manual_seed((self.config.seed << 32) + self.global_step)

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        windows, targets = batch
        heads, logits = self.network.supervised(windows)
        losses = [any_of_loss(head, targets, self.config.label_smoothing) for head in heads]
        loss = torch.stack(losses).mean()
        if self.teachers:
            taught = taught_probabilities(self.teachers, windows)
            apart = torch.stack([distillation_loss(head, taught) for head in heads]).mean()
            loss = (1 - self.config.taught) * loss + self.config.taught * apart
        if not torch.isfinite(loss):
            raise ConfigError(
                f"The loss is no finite number any more, in step {self.global_step}: lower learning_rate "
                f"({self.config.learning_rate:g}); the checkpoint of the last validation is kept."
            )
        right = targets[torch.arange(len(targets), device=targets.device), logits.argmax(1)].float().mean()
        self.log_dict({"loss": loss.detach(), "top1": right}, prog_bar=True)
        return loss

    def validation_step(self, clip: ValidationClip, _: int) -> None:
        self._validation.append(judge(self.network, clip))

    def on_validation_epoch_end(self) -> None:
        for name, wanted in (("real", True), ("lab", False)):
            part = [judged.top1 for judged in self._validation if judged.real is wanted]
            if part:
                self.log(f"top1_{name}", sum(part) / len(part), prog_bar=True)
        self.log("val", probability_of_what_is_right(self._validation), prog_bar=True)
        self._validation = []

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
