"""What the page's functions may be called with: as many values as they have inputs, each of its kind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from app.door.endpoints import NO_CALL, Call, CheckCall
from app.door.uploads import file_in

NOT_UPLOADED = "This is not a file of this page: choose the video again."

MOST_CHOSEN = 32
LONGEST = 200
"""Characters of a choice, or of what somebody has written."""


def check_calls(page: gr.Blocks) -> CheckCall:
    """The check of calls of a finished page."""

    def check(call: Call) -> str | None:
        function = page.fns.get(call.fn_index)
        if function is None or function.fn is None or len(call.data) != len(function.inputs):
            return NO_CALL
        for component, value in zip(function.inputs, call.data, strict=True):
            wrong = _wrong(component, value)
            if wrong is not None:
                return wrong
        return None

    return check


def _wrong(component: Any, value: Any) -> str | None:
    if isinstance(component, gr.File):
        return None if value is None or _is_upload(value) else NOT_UPLOADED
    return None if _fits(component, value) else NO_CALL


def _fits(component: Any, value: Any) -> bool:
    """Whether a value is of the kind that a component gives. One of an unknown kind never is."""
    if isinstance(component, gr.Slider):
        return _is_number(value)
    if isinstance(component, gr.Number):
        return value is None or _is_number(value)
    if isinstance(component, gr.Textbox):
        return isinstance(value, str) and len(value) <= LONGEST
    if isinstance(component, gr.Checkbox):
        return isinstance(value, bool)
    if isinstance(component, gr.Dropdown) and component.multiselect:
        return isinstance(value, list) and len(value) <= MOST_CHOSEN and all(map(_is_choice, value))
    if isinstance(component, (gr.Dropdown, gr.Radio)):
        return value is None or _is_choice(value)
    return False


def _is_number(value: Any) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    return abs(value) < 1e9 and math.isfinite(value)  # in this order: huge integers cannot become floats


def _is_choice(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1000


def _is_upload(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("path"), str)
        and not value.get("is_stream")
        and file_in(Path(get_upload_folder()), value["path"]) is not None
    )
