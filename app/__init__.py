"""The application: live engine, whole videos, drawing, Gradio page and command line."""

__version__ = "0.1.0"
