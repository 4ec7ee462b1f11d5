"""The Lightning module of a training on whole clips: the papers' optimiser and schedule."""

from __future__ import annotations

import lightning as L
import torch
import torch.distributed as dist
from torch import Tensor

from recognizer.networks.protocol import Network
from recognizer.training.clips.config import ClipConfig
from recognizer.training.shared.errors import ConfigError
from recognizer.training.shared.loss import any_of_loss


class ClipModule(L.LightningModule):
    """Trains a network on batches of (clips, targets) and reports its top-1 on others.

    Args:
        network: one of ``recognizer.networks``, for (N, C, T, V, M) -> (N, K).
        config: of the run.
        steps_per_epoch: optimiser steps.
    """

    def __init__(self, network: Network, config: ClipConfig, steps_per_epoch: int):
        super().__init__()
        self.network: Network = network
        self.config = config
        self.steps_per_epoch = steps_per_epoch
        # Methods, so that checkpoints hold the network only once, under its own names.
        self._supervised = torch.compile(network.supervised) if config.compile else network.supervised

    def on_train_batch_start(self, batch: tuple[Tensor, Tensor], number: int) -> None:
        # Dropout depends on seed, place in the run and process alone, so that a resumed run drops what an
        # uninterrupted one would have dropped.
        rank = dist.get_rank() if dist.is_initialized() else 0
        place = (self.current_epoch << 20) + number
        torch.manual_seed((self.config.seed << 48) + (rank << 40) + place)

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        clips, targets = batch
        heads, logits = self._supervised(clips)
        losses = [any_of_loss(head, targets, self.config.label_smoothing) for head in heads]
        loss = torch.stack(losses).mean()
        if not torch.isfinite(loss):
            raise ConfigError(
                f"The loss is no finite number any more, in epoch {self.current_epoch}: lower learning_rate "
                f"({self.config.learning_rate:g}); the checkpoint of the epoch before is kept."
            )
        self.log_dict({"loss": loss.detach(), "top1": _top1(logits, targets)}, prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        clips, targets = batch
        self.log("top1_test", _top1(self.network(clips), targets), prog_bar=True, sync_dist=True,
                 batch_size=len(clips))  # fmt: skip

    def configure_optimizers(self):
        config = self.config
        rate, decay = config.learning_rate, config.weight_decay
        parameters = self.network.parameters()
        optimizer: torch.optim.Optimizer
        if config.optimizer == "sgd":
            optimizer = torch.optim.SGD(parameters, rate, momentum=0.9, nesterov=True, weight_decay=decay)
        else:
            optimizer = torch.optim.AdamW(parameters, rate, weight_decay=decay)

        def factor(step: int) -> float:
            # During warm-up the first step already learns.
            warm = step / self.steps_per_epoch < config.warm_up
            return config.learning_rate_factor((step + warm) / self.steps_per_epoch)

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _top1(logits: Tensor, targets: Tensor) -> Tensor:
    return targets[torch.arange(len(targets), device=targets.device), logits.argmax(1)].float().mean()
