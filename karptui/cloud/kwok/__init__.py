"""The KWOK provider: simulated instance types."""
