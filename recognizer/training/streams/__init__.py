"""Evaluation on long streams, as a live camera gives them: joined clips, and measures of what is shown."""
