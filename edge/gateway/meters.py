"""What the gateway counts. Labels are reasons, never ids or values."""

from prometheus_client import Counter, Histogram

REFUSED = Counter("mediassist_gateway_refused_total", "What wearables or the cloud said that could not be accepted, by reason", ["reason"])
REPEATS = Counter("mediassist_gateway_repeats_total", "Records that wearables sent again and that were known")
TIMELESS = Counter("mediassist_gateway_timeless_total", "Measurements whose time could not be told: their clock was set back since")
_BUCKETS = (0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
DURABLE_SECONDS = Histogram(
    "mediassist_gateway_durable_seconds", "From a notification's arrival to its being on the disk", buckets=_BUCKETS
)
JUDGED_SECONDS = Histogram("mediassist_gateway_judged_seconds", "From a notification's arrival to the watches' verdict", buckets=_BUCKETS)
SPOOLED = Counter("mediassist_gateway_spooled_total", "Notifications that are on the disk")
