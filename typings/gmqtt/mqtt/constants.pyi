"""Numbers."""

UNLIMITED_RECONNECTS: int
