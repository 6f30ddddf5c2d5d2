"""Gateways, their certificates, and the wearables adopted to them."""
