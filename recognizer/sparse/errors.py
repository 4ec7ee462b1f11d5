"""What goes wrong with sparse tensors."""

from __future__ import annotations

from pose.errors import UserError


class SparseError(UserError, ValueError):
    """Voxels, a kernel or a backend cannot be used. The message is one sentence that says why."""
