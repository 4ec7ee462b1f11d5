"""One training run on a prepared data set, from configuration to weights.

On the CPU, on one GPU, on all GPUs of a machine, or under ``torchrun`` on several machines: Lightning sees to
that. The batch is divided among the processes, the result is the same up to batch norm's statistics.
"""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import (
    Callback,
    EMAWeightAveraging,
    LearningRateMonitor,
    ModelCheckpoint,
    Timer,
)
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch.utils.data import DataLoader

from recognizer import weights
from recognizer.card import draft
from recognizer.data.prepared import TEST, TRAIN, PreparedClips
from recognizer.networks.build import build
from recognizer.networks.protocol import Network
from recognizer.preprocess import channels
from recognizer.training.clips.config import ClipConfig
from recognizer.training.clips.dataset import ClipDataset, EpochSampler
from recognizer.training.clips.module import ClipModule
from recognizer.training.shared.checkpoints import WholeCheckpoints, check_checkpoint, checkpoint_to_resume
from recognizer.training.shared.errors import ConfigError
from recognizer.training.shared.progress import RunProgressBar
from recognizer.training.shared.runs import LICENCE, commit, fit, open_run, start

_ORIGINS = {"camera": ("torso", "extent"), "spine": ("spine", "first", "extent"), "picture": ("picture",)}
"""Where networks may want the joints of a prepared data set, by its own origin (``preprocess.placed``)."""

THRESHOLD = 0.5
"""Of the card: nothing was held back to choose one."""


def train_clips(
    config: ClipConfig, data: Path, run: Path, resume: bool = False, weights_dir: Path | None = None
) -> Path:
    """Trains on the whole training part of the protocol and writes the last epoch's weights.

    The test part is looked at every ``test_every`` epochs, to be logged, and has no say in anything.

    Args:
        config: of the run; saved as ``config.json``.
        data: the prepared data set.
        run: folder of the run, for ``last.ckpt`` (one an epoch) and the logs.
        resume: go on from ``last.ckpt``, or from the one before it if that is damaged; the numbers are
            those of an uninterrupted run.
        weights_dir: where the weights go; ``run`` by default.

    Returns:
        The safetensors file.

    Raises:
        DataError, ConfigError: with one sentence.
        KeyboardInterrupt: Ctrl-C, with a sentence about what is kept.
    """
    begun, checkpoint = checkpoint_to_resume(run) if resume else (None, None)
    clips, parts = open_clips(config, data)
    start(config)
    network = clip_network(config, clips)
    steps = -(-len(parts[TRAIN]) // (config.batch_size * config.accumulate))
    module = ClipModule(network, config, steps)
    drafted = draft(
        name=config.name, network=config.network, layout=clips.layout.name, persons=config.persons,
        window_seconds=config.window_seconds, frames=config.frames, preprocessing=config.preprocessing,
        classes=clips.info.tasks[config.task], threshold=THRESHOLD,
        data=f"{clips.info.dataset}, {config.protocol}: {len(parts[TRAIN])} training clips",
        licence=LICENCE, training={}, metrics={},
    )  # fmt: skip
    if begun is not None and checkpoint is not None:
        check_checkpoint(begun, checkpoint, module)
    open_run(run, config)
    timer = Timer()
    trainer = _trainer(config, run, timer)
    share, rest = divmod(config.batch_size, trainer.world_size)
    if rest:
        raise ConfigError(
            f"batch_size ({config.batch_size}) cannot be divided among {trainer.world_size} processes."
        )
    training, test = (
        clip_loader(ClipDataset(clips, parts[part], config, part == TRAIN), config, share)
        for part in (TRAIN, TEST)
    )
    fit(trainer, module, training, test, run, begun)
    told = {
        "config": config.model_dump(mode="json"),
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
        "minutes": round(timer.time_elapsed("train") / 60, 2),  # of all its parts, if it was resumed
    }
    card = drafted.model_copy(update={"training": told})
    if trainer.is_global_zero:
        return weights.save(network, card, weights_dir or run)
    return (weights_dir or run) / f"{card.name}.safetensors"


def open_clips(config: ClipConfig, data: Path) -> tuple[PreparedClips, dict[int, np.ndarray]]:
    """The prepared data set that a configuration is about, and the clips of TRAIN and TEST."""
    clips = PreparedClips(data)
    if clips.info.dataset != config.dataset:
        raise ConfigError(f"{data} holds {clips.info.dataset}, and {config.name} is about {config.dataset}.")
    if config.task not in clips.info.tasks:
        known = ", ".join(clips.info.tasks)
        raise ConfigError(f"{data} has no task {config.task!r}: choose one of {known}.")
    origin = config.preprocessing.origin
    fitting = _ORIGINS[clips.info.origin]
    if origin not in fitting:
        raise ConfigError(
            f"{data} is prepared for preprocessing.origin={' or '.join(fitting)}, not {origin}."
        )
    parts = {part: clips.part(config.protocol, part) for part in (TRAIN, TEST)}
    if not len(parts[TRAIN]):
        raise ConfigError(f"{data} holds no training clips of the protocol {config.protocol}.")
    return clips, parts


def clip_network(config: ClipConfig, clips: PreparedClips) -> Network:
    """The network of a configuration, untrained."""
    try:
        inputs = channels(clips.layout, config.preprocessing)
        return build(config.network, clips.layout, len(clips.info.tasks[config.task]), inputs, config.persons)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _trainer(config: ClipConfig, run: Path, timer: Timer) -> L.Trainer:
    """A trainer for what the machine has, or for the processes that torchrun has started."""
    newest = ModelCheckpoint(run, "last", save_on_train_epoch_end=True, enable_version_counter=False)
    callbacks: list[Callback] = [newest, timer, LearningRateMonitor("epoch"), RunProgressBar()]
    if config.average is not None:
        every = config.average_every
        callbacks.append(EMAWeightAveraging(decay=config.average, update_every_n_steps=every))
    table = CSVLogger(run, name="log")
    local = int(os.environ.get("LOCAL_WORLD_SIZE", 0))
    return L.Trainer(
        max_epochs=config.epochs,
        devices=local or "auto",
        num_nodes=int(os.environ.get("WORLD_SIZE", 1)) // local if local else 1,
        precision=config.precision,
        gradient_clip_val=config.clip_gradients,
        accumulate_grad_batches=config.accumulate,
        use_distributed_sampler=False,  # EpochSampler divides the clips
        check_val_every_n_epoch=config.test_every or 1,
        limit_val_batches=1.0 if config.test_every else 0,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        callbacks=callbacks,
        logger=[table, TensorBoardLogger(run, "log", table.version)],
        default_root_dir=run,
        enable_model_summary=False,
        plugins=[WholeCheckpoints()],
    )


def clip_loader(dataset: ClipDataset, config: ClipConfig, batch_size: int) -> DataLoader:
    """Batches of one process."""
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=EpochSampler(len(dataset), config.seed, shuffle=dataset.train),
        num_workers=config.workers,
        persistent_workers=config.workers > 0,
        pin_memory=torch.cuda.is_available(),
    )
