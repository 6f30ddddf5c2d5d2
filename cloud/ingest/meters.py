"""What the ingest worker counts. Labels are kinds and reasons, never ids or values."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("mediassist_ingest_messages_total", "Authentic messages, by what became of them", ["outcome"])
REFUSED = Counter("mediassist_ingest_refused_total", "Arrivals that were not stored as what they say, by reason", ["reason"])
READINGS = Counter("mediassist_ingest_readings_total", "Readings stored")
COMMIT_SECONDS = Histogram("mediassist_ingest_commit_seconds", "From the first look at a batch to its commit")
WAITING = Gauge("mediassist_ingest_waiting", "Arrivals that are not settled yet")
AWAY = Counter("mediassist_ingest_database_away_total", "Batches that waited for the database")
