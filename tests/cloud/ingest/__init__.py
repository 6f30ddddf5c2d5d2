"""The ingest worker over a real PostgreSQL."""
