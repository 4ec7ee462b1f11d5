"""What every room of the application needs: protocols, labels, attention, weights by name."""
