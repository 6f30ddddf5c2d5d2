"""The cloud's patients."""
