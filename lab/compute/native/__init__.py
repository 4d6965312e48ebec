"""The compiled engine on the CPU: one training iteration as one call into C, compiled on first use."""
