"""The fast path on the CPU: one training step as one call into C, compiled on first use."""
