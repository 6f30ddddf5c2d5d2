"""The cloud's vitals."""
