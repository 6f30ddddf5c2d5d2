"""The cloud, on a real PostgreSQL."""
