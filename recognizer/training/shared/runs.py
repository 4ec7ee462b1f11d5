"""What training on windows and on whole clips have in common: a run's folder, its checkpoint, its end."""

from __future__ import annotations

import logging
import subprocess
import warnings
from pathlib import Path

import lightning as L
import torch
from torch.utils.data import DataLoader

from pose.files import replacing
from recognizer.training.shared.checkpoints import LAST
from recognizer.training.shared.config import RunConfig
from recognizer.training.shared.errors import ConfigError
from recognizer.training.shared.workers import told_first_hand

LICENCE = "research use only: the data sets trained on are licensed for research"


def open_run(run: Path, config: RunConfig) -> None:
    """Makes the folder and writes ``config.json`` into it. Raises OSError."""
    run.mkdir(parents=True, exist_ok=True)
    with replacing(run / "config.json") as temporary:
        temporary.write_text(config.model_dump_json(indent=2), encoding="utf-8")


def start(config: RunConfig) -> None:
    """Sets seed and threads, and keeps what does not concern the run out of the console."""
    if config.threads:
        torch.set_num_threads(config.threads)
    L.seed_everything(config.seed, verbose=False)
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*exists and is not empty.*")  # config.json is there already
    warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")  # Lightning's own
    logging.getLogger("lightning.pytorch.utilities.rank_zero").addFilter(_for_people)


def _for_people(record: logging.LogRecord) -> bool:
    """Neither an advertisement nor what is told in a sentence of ours."""
    return not any(part in record.getMessage() for part in ("litlogger", "Detected KeyboardInterrupt"))


def fit(
    trainer: L.Trainer,
    module: L.LightningModule,
    train: DataLoader,
    validation: DataLoader,
    run: Path,
    begun: Path | None,
) -> None:
    """Runs the training.

    Args:
        trainer, module, train, validation: of Lightning.
        run: folder of the run.
        begun: checkpoint to go on from, if it is not a new run.

    Raises:
        KeyboardInterrupt: Ctrl-C, with a sentence about what is kept.
        DataError: a clip is damaged.
        ConfigError: the GPU's memory does not suffice.
        OSError: the disk is full, say; its text tells what is kept.
    """
    last = run / LAST
    try:
        with told_first_hand():
            trainer.fit(module, train, validation, ckpt_path=begun, weights_only=True)
    except SystemExit:  # what Lightning makes of Ctrl-C
        raise KeyboardInterrupt(f"training stopped; {kept(last)}.") from None
    except torch.OutOfMemoryError:
        raise ConfigError(f"The GPU's memory does not suffice: lower batch_size; {kept(last)}.") from None
    except OSError as error:
        sentence = f"{error.strerror or error}; {kept(last)}."
        raise OSError(error.errno, sentence, error.filename or str(last.parent)) from None


def kept(last: Path) -> str:
    """Whether a stopped run can go on, as a part of a sentence."""
    return f"{last} is kept, go on with --resume" if last.is_file() else "there is no checkpoint yet"


def commit() -> str:
    """The checkout's commit, "unknown" outside of one."""
    try:
        return subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True,
            cwd=Path(__file__).parent,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
