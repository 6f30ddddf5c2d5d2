"""The data centre: ingest, web application, dashboard."""
