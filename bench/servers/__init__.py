"""What is measured: each server started in its own way, in a temporary directory, pinned to one core."""
