"""What the bytes of a JPEG claim, read before any decoder sees them."""

from __future__ import annotations

_START, _END, _SCAN = b"\xff\xd8", b"\xff\xd9", b"\xff\xda"
_FRAMES = (0xC0, 0xC1, 0xC2)
"""Baseline, extended and progressive with Huffman codes: all that browsers make."""
_OTHER_FRAMES = (0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xDE, 0xDF)
"""Lossless, arithmetic and hierarchical ones."""
_BARE = (0x00, 0x01, *range(0xD0, 0xDA), 0xFF)
"""Markers without a length and content, and what is no marker: they have no place before the first scan."""
_MOST_SEGMENTS = 64
_MOST_SCANS = 32
"""Encoders write up to a dozen; each costs the decoder a walk over the whole picture, however short it is."""


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels of a JPEG; None for anything else and for one that no browser would make.

    Nothing is decoded: it reads the segments up to the first scan, and looks whether the end is there. All of
    the pictures that it lets through have 8 bits a colour, one frame, and one colour or three.

    Args:
        data: the whole file.
    """
    if not (data.startswith(_START) and data.endswith(_END)) or data.count(_SCAN) > _MOST_SCANS:
        return None
    size = None
    position = len(_START)
    for _ in range(_MOST_SEGMENTS):
        if len(data) < position + 4 or data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker in _BARE or marker in _OTHER_FRAMES:
            return None
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        content = data[position + 4 : position + 2 + length]
        if length < 2 or len(content) != length - 2:
            return None
        if data[position : position + 2] == _SCAN:
            return size
        if marker in _FRAMES:
            if size is not None:  # a second one: which would the decoder believe?
                return None
            size = _frame_size(content)
            if size is None:
                return None
        position += 2 + length
    return None


def _frame_size(content: bytes) -> tuple[int, int] | None:
    """Of a frame header: precision, height, width, number of colours and three bytes of each."""
    if len(content) < 6 or content[0] != 8 or content[5] not in (1, 3) or len(content) != 6 + 3 * content[5]:
        return None
    height, width = int.from_bytes(content[1:3], "big"), int.from_bytes(content[3:5], "big")
    return (width, height) if width and height else None
