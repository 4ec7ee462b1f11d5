"""The bar of a training run."""

from __future__ import annotations

import datetime
import time

import lightning as L
from lightning.pytorch.callbacks import TQDMProgressBar


class RunProgressBar(TQDMProgressBar):
    """Lightning's bar with the learning rate and the time left until the end of the whole run."""

    def on_train_start(self, trainer: L.Trainer, *_) -> None:
        super().on_train_start(trainer, *_)
        self._first, self._start = trainer.global_step, time.monotonic()

    def get_metrics(
        self, trainer: L.Trainer, module: L.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        items = super().get_metrics(trainer, module)
        items.pop("v_num", None)
        items["lr"] = f"{trainer.optimizers[0].param_groups[0]['lr']:.2g}"
        done = trainer.global_step - self._first
        if done:
            left = trainer.estimated_stepping_batches - trainer.global_step
            items["left"] = remaining(time.monotonic() - self._start, done, int(left))
        return items


def remaining(seconds: float, done: int, left: int) -> str:
    """Hours, minutes and seconds that the steps left will take if they take as long as those done."""
    return str(datetime.timedelta(seconds=round(seconds / done * left)))
