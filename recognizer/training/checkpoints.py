"""Checkpoints that appear whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside the one that it then replaces.

    Lightning's own way goes through the folder for temporary files. Where that is another disk, the
    checkpoint is copied over the old one, and a stop or a full disk in between leaves neither.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Raises OSError if it cannot be written; the checkpoint before it stays."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        temporary = path.with_name(f".{path.name}.part")
        try:
            temporary.write_bytes(buffer.getbuffer())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
