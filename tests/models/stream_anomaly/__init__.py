"""Streaming detectors: what each value is told, and how that is judged."""
