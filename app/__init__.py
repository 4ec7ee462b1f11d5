"""The application: live engine, whole videos, drawing, Gradio page and command line."""

import pose  # noqa: F401  it sets up OpenCV, before any module of this package imports that

__version__ = "0.1.0"
