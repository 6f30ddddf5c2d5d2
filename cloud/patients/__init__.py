"""The people who are watched over."""
