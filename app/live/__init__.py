"""One camera, live: frames in, landmarks and steady labels out. Knows no web."""
