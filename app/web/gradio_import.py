"""Gradio in half the time: what importing it and building a page does in vain is left out.

* Whenever Gradio is imported, it works out type stubs of all its components for editors, and writes them
  beside its own files: two of the four seconds. It leaves out a class that lies in no file, so none does
  meanwhile.
* A page becomes a whole application, with a hundred routes, when it begins, when it is finished and when its
  queue is set, and again when it is served: only the last is used.
* Python looks for garbage again and again among objects that have just come to stay, which takes a fifth of
  the time; those of the imports it need not look at ever again, either.
* With the first click Gradio imports matplotlib where there is one (MediaPipe brings it), to draw plots, of
  which a page here has none: 12 MB.
"""

from __future__ import annotations

import gc
import inspect
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any


@contextmanager
def all_stays() -> Iterator[None]:
    """For a block that makes a great many objects that stay: they are not looked at for garbage."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if collects:
            gc.enable()


@contextmanager
def _components_in_no_file() -> Iterator[None]:
    getfile = inspect.getfile

    def of_others(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError("no stubs")
        return getfile(thing)

    inspect.getfile = of_others
    try:
        yield
    finally:
        inspect.getfile = getfile


with all_stays(), _components_in_no_file():
    import gradio
    import gradio.routes

gradio.utils.MatplotlibBackendMananger = nullcontext


@contextmanager
def no_application_yet() -> Iterator[None]:
    """For a block that builds a page which is served afterwards."""
    kind: Any = gradio.routes.App
    create = kind.__dict__["create_app"]
    kind.create_app = staticmethod(lambda *_, **__: None)
    try:
        yield
    finally:
        kind.create_app = create
