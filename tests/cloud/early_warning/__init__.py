"""NEWS2 in the cloud."""
