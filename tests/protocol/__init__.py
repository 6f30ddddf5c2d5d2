"""Words and seals."""
