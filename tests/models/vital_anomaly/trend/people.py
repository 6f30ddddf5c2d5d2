"""Made people, whose vitals wander about what is usual for each."""

import numpy as np

from models.vital_anomaly.trend.recordings import Stream


def person(number: int, steps: int = 120, *, temperature: bool = True) -> Stream:
    """Return a stream of a person whose vitals wander a little about their own usual ones."""
    dice = np.random.default_rng(number)
    usual = np.array([75.0, 15.0, 97.0, 36.8]) + dice.normal(0, (8.0, 2.0, 1.0, 0.2))
    wandering = dice.normal(0, (2.0, 0.7, 0.3, 0.02), (steps, 4))
    values = usual + wandering
    values[:, 2] = np.minimum(values[:, 2], 100.0)
    if not temperature:
        values[:, 3] = np.nan
    return Stream(f"p{number}", values)
