"""What the paper printed, and how a run is set beside it."""
