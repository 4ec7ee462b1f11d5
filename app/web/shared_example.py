"""The example clip as a file that all tabs share."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

from app.drawing.example_clip import write_example


class ExampleClip:
    """Draws the clip when it is first asked for, which takes seconds; who asks meanwhile waits for the same.

    Args:
        folder: where to make the folder that it lies in.
        prefix: of that folder's name.
    """

    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder, self._prefix = folder, prefix
        self._drawing = threading.Lock()
        self.drawn: Path | None = None
        """The file, all links followed; None before it was asked for."""

    def path(self) -> Path:
        """The file. One that has failed, or has gone, is drawn again.

        Raises:
            OSError: it cannot be written.
        """
        with self._drawing:
            if self.drawn is None or not self.drawn.exists():
                self.drawn = self._draw()
            return self.drawn

    def _draw(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=self._prefix, dir=self._folder))
        try:
            return write_example(folder / "example.mp4").resolve()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
