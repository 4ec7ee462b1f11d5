"""One camera, live: frames in, annotated pictures and steady labels out. Knows no web."""
