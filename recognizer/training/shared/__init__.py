"""What training on windows and on whole clips share."""
