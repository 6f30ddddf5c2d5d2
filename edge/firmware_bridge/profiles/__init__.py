"""One file a GATT profile, parse and serialise side by side; pure."""
