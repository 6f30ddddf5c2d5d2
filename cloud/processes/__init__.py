"""Which processes of the cloud are alive: each says so, and another says when one falls silent."""
