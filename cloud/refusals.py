"""What the application counts: refusals by reason, sockets, requests."""

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

SLOW_SOCKET = "slow_socket"


class Refusals:
    """Counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._refused = Counter("mediassist_cloud_refused", "Requests refused", ["reason"], registry=self.registry)
        self.sockets = Gauge("mediassist_cloud_live_sockets", "WebSockets open on the live feed", registry=self.registry)
        for reason in ("wrong_password", "rate_limit", "foreign_origin", SLOW_SOCKET):
            self._refused.labels(reason)

    def count(self, reason: str) -> None:
        """Count one refusal."""
        self._refused.labels(reason).inc()

    def slow_socket(self) -> None:
        """Count one socket given up because its reader was too slow."""
        self.count(SLOW_SOCKET)
