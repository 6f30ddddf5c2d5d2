"""What runs in a home or clinic: the bridge to wearables, and the gateway that stands on it."""
