"""One line a stage, with the seconds since the start."""

import time


class Stages:
    """Tells a person how far the demonstration is; `started` is the wall clock (Unix seconds) at its first line."""

    def __init__(self) -> None:
        self.started = time.time()

    def tell(self, what: str) -> None:
        """Print one line."""
        print(f"[{self.seconds():6.1f} s] {what}", flush=True)

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.time() - self.started
