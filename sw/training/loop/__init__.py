"""The training loop: batches, losses, augmentation, state."""
