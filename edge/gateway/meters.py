"""What the gateway counts. Labels are reasons, never ids or values."""

from prometheus_client import Counter

REFUSED = Counter("mediassist_gateway_refused_total", "What wearables or the cloud said that could not be accepted, by reason", ["reason"])
REPEATS = Counter("mediassist_gateway_repeats_total", "Records that wearables sent again and that were known")
SPOOLED = Counter("mediassist_gateway_spooled_total", "Notifications that are on the disk")
