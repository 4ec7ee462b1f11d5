"""Arrays into .npz files, one at a time."""

from __future__ import annotations

import zipfile

import numpy as np


def add_array(archive: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    """Adds an array as ``np.savez`` does; that one prints a traceback where the disk is full.

    Raises:
        OSError: it cannot be written.
    """
    with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
        np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
