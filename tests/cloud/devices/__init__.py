"""The cloud's devices."""
