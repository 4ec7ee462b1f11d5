"""Learning one batch by heart: a network, a learning rate and data that cannot do that cannot do more."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Literal

import lightning as L
from torch.utils.data import DataLoader

from recognizer.data.prepared import TRAIN
from recognizer.training.clips.config import ClipConfig
from recognizer.training.clips.dataset import ClipDataset
from recognizer.training.clips.fit import clip_loader, clip_network, open_clips
from recognizer.training.clips.module import ClipModule
from recognizer.training.shared.progress import RunProgressBar
from recognizer.training.shared.runs import start
from recognizer.training.windows.config import TrainingConfig
from recognizer.training.windows.dataset import RandomWindows
from recognizer.training.windows.fit import actions_of, open_corpus, window_network
from recognizer.training.windows.module import RecognitionModule
from recognizer.training.windows.teachers import load_teachers


def overfit(config: TrainingConfig | ClipConfig, data: Path, steps: int = 100) -> tuple[float, float]:
    """Trains on a run's first batch alone; keeps nothing.

    Args:
        config: of the run; its schedule is made for this many steps.
        data: as for the run.
        steps: of the optimiser.

    Returns:
        The batch's loss and top-1 in the last step.

    Raises:
        DataError, ConfigError: with one sentence.
        KeyboardInterrupt: Ctrl-C.
    """
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    clip: float | None = 5.0
    if isinstance(config, ClipConfig):
        precision, clip = config.precision, config.clip_gradients
        clips, parts = open_clips(config, data)
        start(config)
        module: L.LightningModule = ClipModule(clip_network(config, clips), config, steps)
        loader = clip_loader(ClipDataset(clips, parts[TRAIN], config, True), config, config.batch_size)
        batch = next(iter(loader))
    else:
        config = config.model_copy(update={"steps": steps})
        examples = open_corpus(config, data)["train"]
        start(config)
        teachers = load_teachers(config, actions_of(config).labels)
        module = RecognitionModule(window_network(config), config, teachers)
        batch = RandomWindows(examples, actions_of(config).labels, config).batch(0)
    trainer = L.Trainer(
        max_steps=steps, precision=precision, gradient_clip_val=clip, logger=False, devices=1,
        enable_checkpointing=False, enable_model_summary=False, callbacks=[RunProgressBar()],
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*no `val_dataloader`.*")
        try:
            batches: Any = [batch] * steps  # a list does for a data set
            trainer.fit(module, DataLoader(batches, batch_size=None))
        except SystemExit:  # what Lightning makes of Ctrl-C
            raise KeyboardInterrupt from None
    metrics = trainer.callback_metrics
    return float(metrics["loss"]), float(metrics["top1"])
