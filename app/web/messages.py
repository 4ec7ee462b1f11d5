"""What a page may send over its live WebSocket, read with all suspicion.

A binary message is a frame: little-endian float64, the time at which the camera took it, in milliseconds on
the page's clock; then the picture as a JPEG, not mirrored.

A text message is a JSON object whose ``type`` says what it is about. Each kind is a class below and a member
of ``PageMessage``, which alone knows them all; ``LiveSession._do`` does what they ask for.

    {"type": "settings", "weights": "A*60+B*40", "threshold": 0.5, "attention": true,
     "own": "mine", "film": true}                                         what is set, changes
    {"type": "record"}                                                    asks for the last 30 seconds
    {"type": "teach-...", ...}                                            see ``app.web.teach_messages``

What goes the other way is described in ``app.web.answers``.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Annotated, Literal

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.web.jpeg import jpeg_size
from app.web.teach_messages import TeachMessage
from pose.errors import UserError

MAX_PIXELS = 1920 * 1920
"""Larger pictures are refused: the page sends at most 640 pixels a side."""
MAX_SIDE = 4096
"""OpenCV's warping, in MediaPipe, ends the whole process at pictures of more than 32,767 pixels a side."""
MAX_FRAME = 3 * 2**20
"""Bytes of a binary message: noise of MAX_PIXELS, in the page's quality, needs 2.2 million."""
MAX_TEXT = 8192
"""Characters of a text message."""
MAX_TIME = 1e12
"""Milliseconds, either way: 31 years of a page that stays open."""


class MessageError(UserError, ValueError):
    """A message that is none. What it says stands behind "Not understood"."""


@dataclass(frozen=True)
class CameraFrame:
    """A frame as it came from the page: capture time in milliseconds on the page's clock, and a JPEG."""

    captured: float
    jpeg: bytes

    @classmethod
    def parse(cls, message: bytes) -> CameraFrame:
        """Reads 8 bytes of little-endian float64 and the JPEG behind them.

        Raises:
            MessageError: too short or too long, or a time that no clock tells.
        """
        if len(message) <= 8:
            raise MessageError("a frame needs 8 bytes of time and a JPEG")
        if len(message) > MAX_FRAME:
            raise MessageError(f"a frame has at most {MAX_FRAME} bytes, not {len(message)}")
        (captured,) = struct.unpack_from("<d", message)
        if not math.isfinite(captured):
            raise MessageError("a frame's time must be a number")
        if abs(captured) > MAX_TIME:
            raise MessageError("a frame's time is milliseconds since the page was opened, not decades")
        return cls(captured, message[8:])

    def decode(self) -> np.ndarray | None:
        """(H, W, 3) uint8 RGB; None where it is no whole JPEG or has more than MAX_PIXELS or MAX_SIDE.

        Other formats never reach a decoder, and a JPEG only after its size was read.
        """
        size = jpeg_size(self.jpeg)
        if size is None or size[0] * size[1] > MAX_PIXELS or max(size) > MAX_SIDE:
            return None
        # The page sends no pictures that lie on their side, so nothing needs to read where up is.
        how = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        try:
            picture = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), how)
        except cv2.error:
            return None
        return None if picture is None else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


class _Text(BaseModel):
    """A text message: nothing but what its kind has, nothing converted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Settings(_Text):
    """What the page chooses. Only what is set changes anything.

    Attributes:
        weights: a name, or several joined by "+"; None for the default.
        threshold: probability under which no action is named; None for the one that the weights recommend.
        attention: whether to tell what the network looks at.
        own: collection of own actions to recognise beside the weights' own; None for none.
        film: whether pictures are kept for some seconds, so that what is taught then can have its video.
    """

    type: Literal["settings"] = "settings"
    weights: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    threshold: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    attention: bool = False
    own: Annotated[str, Field(max_length=200)] | None = None
    film: bool = False

    def then(self, newer: Settings) -> Settings:
        """These with what newer ones set."""
        return self.model_copy(update={name: getattr(newer, name) for name in newer.model_fields_set})

    def sets(self, name: str) -> bool:
        """Whether a setting was given."""
        return name in self.model_fields_set


class RecordRequest(_Text):
    """Asks for labels and landmarks of the last 30 seconds."""

    type: Literal["record"] = "record"


PageMessage = Settings | RecordRequest | TeachMessage
"""All kinds of text messages."""

_READER: TypeAdapter[PageMessage] = TypeAdapter(Annotated[PageMessage, Field(discriminator="type")])


def parse_text(text: str) -> PageMessage:
    """Reads a text message.

    Raises:
        MessageError: too long, no JSON object, of no kind that there is, or not as its kind has to be.
    """
    if len(text) > MAX_TEXT:
        raise MessageError(f"a message has at most {MAX_TEXT} characters, not {len(text)}")
    try:
        return _READER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(each)[:20] for each in first["loc"][:3]) or "message"
        raise MessageError(f"{where}: {first['msg'][:150]}") from None
