"""Which processes of the cloud are alive."""
