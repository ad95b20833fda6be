"""Equal steps as loops."""
