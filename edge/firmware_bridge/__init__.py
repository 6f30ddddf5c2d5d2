"""Everything that touches a wearable's bytes."""
