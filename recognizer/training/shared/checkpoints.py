"""Checkpoints that appear whole or not at all, and what a stopped run goes on from."""

from __future__ import annotations

import io
import logging
import os
import zipfile
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.plugins.io import TorchCheckpointIO

from pose.files import replacing
from recognizer.training.shared.errors import ConfigError

LAST, PREVIOUS = "last.ckpt", "previous.ckpt"
_NEEDED = {"state_dict", "optimizer_states", "lr_schedulers", "loops", "callbacks", "global_step", "epoch"}

log = logging.getLogger(__name__)


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside the one that it then replaces, and keeps the last one's predecessor.

    Lightning's own way goes through the folder for temporary files. Where that is another disk, the
    checkpoint is copied over the old one, and a stop or a full disk in between leaves neither.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Raises OSError if it cannot be written; the checkpoint before it stays."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        # In memory first: PyTorch's writer ends the program where the disk is full.
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        with replacing(path) as temporary:
            temporary.write_bytes(buffer.getbuffer())
            if path.name == LAST and path.is_file():
                os.replace(path, path.with_name(PREVIOUS))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The content of a checkpoint of ours, without running anything that it may contain.

    Raises:
        ConfigError: it is damaged or none.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            sound = archive.testzip() is None  # PyTorch does not compare the checksums
        content = torch.load(path, weights_only=True, map_location="cpu") if sound else None
    except Exception:  # a damaged one raises many kinds
        content = None
    if not isinstance(content, dict) or not _NEEDED <= content.keys():
        raise ConfigError(f"{path} is damaged or no checkpoint of a training.")
    return content


def checkpoint_to_resume(run: Path) -> tuple[Path, dict[str, Any]]:
    """The newest whole checkpoint of a run and its content. Where that is not the last one, it is said.

    Raises:
        ConfigError: there is none.
    """
    last, previous = run / LAST, run / PREVIOUS
    found = [path for path in (last, previous) if path.is_file()]
    if not found:
        raise ConfigError(f"{last} does not exist: there is nothing to resume.")
    for path in found:
        try:
            content = read_checkpoint(path)
        except ConfigError:
            continue
        if path != last:
            state = "damaged" if last in found else "missing"
            _say(f"{last} is {state}: going on from {path}, which is of step {content['global_step']}.")
        return path, content
    which = f"{last} is damaged, and there is no whole {PREVIOUS} beside it"
    raise ConfigError(f"{which}: start again without --resume.")


def check_checkpoint(path: Path, content: dict[str, Any], module: L.LightningModule) -> None:
    """Whether a module can go on from a checkpoint's content.

    Raises:
        ConfigError: another network or another optimiser was trained.
    """
    advice = "give the configuration that the run was begun with, or another --run"
    shapes = {name: tensor.shape for name, tensor in module.state_dict().items()}
    if shapes != {name: getattr(tensor, "shape", None) for name, tensor in content["state_dict"].items()}:
        raise ConfigError(f"{path} is of another network: {advice}.")
    configured: Any = module.configure_optimizers()  # as our modules do: a dictionary
    groups = [group.keys() for group in configured["optimizer"].param_groups]
    states = content["optimizer_states"]
    if [[group.keys() for group in state["param_groups"]] for state in states] != [groups]:
        raise ConfigError(f"{path} is of a training with another optimizer: {advice}.")


@rank_zero_only
def _say(sentence: str) -> None:
    log.warning(sentence)
