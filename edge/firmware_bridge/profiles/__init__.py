"""GATT profiles, one file each: parse and serialise side by side, pure."""
