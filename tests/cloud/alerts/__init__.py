"""The cloud's alerts."""
