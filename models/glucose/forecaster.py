"""The forecast of a sensor's glucose by a network. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.glucose.history import HIGHEST, LAGS, LOWEST, Values, described
from models.runner import Runner

MINUTES = (15, 30, 45, 60)
PARTS = (0.05, 0.25, 0.5, 0.75, 0.95)
ANSWERS = ("mean", *(f"{100 * part:g} %" for part in PARTS))
UNIT = 40.0
"""mg/dL: the network tells changes from now in this unit."""
LOW = 70.0
"""mg/dL: hypoglycaemia level 1 (Battelino et al., Diabetes Care 42:1593, 2019)."""
WARNS_AT, WARNS_BY = 15, "25 %"
"""Of which forecast (minutes) which answer must be below LOW for a warning: a chance of one in four. What else it could be: `docs/models.md`."""


class UnusableHistory(Exception):
    """No forecast can be made of this: the message says why."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Glucose so many minutes from now, mg/dL. low, high: nine times in ten it lies between. quarter: one time in four it lies below."""

    minutes: int
    mean: float
    median: float
    low: float
    high: float
    quarter: float


def forecast(history: Values, runner: Runner) -> tuple[Forecast, ...]:
    """Return the forecasts of a history of LAGS readings, mg/dL, five minutes apart, the newest last: one for each of MINUTES.

    Raises:
        UnusableHistory: too few readings, or one is missing or outside 20 to 600.
    """
    values = np.asarray(history, dtype=np.float64)
    if values.shape != (LAGS,):
        raise UnusableHistory(f"{LAGS} readings five minutes apart are needed, not {values.shape}")
    if not (np.isfinite(values).all() and values.min() >= 20 and values.max() <= 600):
        raise UnusableHistory("a reading is missing, or outside 20 to 600 mg/dL")
    said = forecasts(values[np.newaxis], runner)[0]
    return tuple(
        Forecast(minutes, *(float(row[ANSWERS.index(name)]) for name in ("mean", "50 %", "5 %", "95 %", "25 %")))
        for minutes, row in zip(MINUTES, said, strict=True)
    )


def forecasts(history: Values, runner: Runner) -> NDArray[np.float64]:
    """Return ANSWERS for each of MINUTES, mg/dL: (n, LAGS) -> (n, len(MINUTES), len(ANSWERS)); quantiles never cross."""
    change = runner.run(described(history)).astype(np.float64).reshape(-1, len(MINUTES), len(ANSWERS))
    said = np.clip(history[:, -1][:, None, None] + UNIT * change, LOWEST, HIGHEST)
    said[:, :, 1:] = np.sort(said[:, :, 1:], axis=2)
    return said


def warned(said: NDArray[np.float64], now: Values) -> NDArray[np.bool_]:
    """Say, of answers of `forecasts` and the newest readings, (n,), where low glucose is foretold and not there yet."""
    return (said[:, MINUTES.index(WARNS_AT), ANSWERS.index(WARNS_BY)] < LOW) & (now >= LOW)


@dataclass(frozen=True, slots=True)
class Forecaster:
    """An opened network. sha256: of the artefact."""

    runner: Runner
    sha256: str

    def soon(self, history: Values) -> Forecast:
        """Return the forecast of WARNS_AT minutes ahead.

        Raises:
            UnusableHistory: as `forecast`.
        """
        return next(each for each in forecast(history, self.runner) if each.minutes == WARNS_AT)
