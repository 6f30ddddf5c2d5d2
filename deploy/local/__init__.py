"""Every process on one machine, no containers."""
