"""The cloud's access."""
