"""What is said of a link when it has ended: how long it held, what came over it, why it fell, and how strong the wearable was heard before."""

from dataclasses import dataclass, field
from uuid import UUID

import structlog

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Epitaph:
    """One link's. signals: dBm, as heard before the link, the last at the end. records: notifications that came and were taken."""

    wearable: UUID
    signals: list[int] = field(default_factory=list[int])
    records: int = 0
    _began_s: float | None = None

    def begin(self, now_s: float) -> None:
        """Note that the link is up; `now_s` is of a steady clock."""
        self._began_s = now_s

    @property
    def trend_db(self) -> int | None:
        """How much louder it became while it was sought, dB (below 0: it went away); None where it was heard once or never."""
        return None if len(self.signals) < 2 else self.signals[-1] - self.signals[0]

    def write(self, reason: str | None, now_s: float) -> None:
        """Log it; nothing is said of a link that never was up. reason: BlueZ's, None where it gave none."""
        if self._began_s is None:
            return
        log.info(
            "wearable.disconnected",
            wearable=str(self.wearable),
            reason=reason or "not told",
            lasted_s=round(now_s - self._began_s, 1),
            records=self.records,
            signals=self.signals,
            trend_db=self.trend_db,
        )
