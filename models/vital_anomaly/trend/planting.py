"""What goes wrong over a minute: changes planted into recorded courses, one vital at a time and several together."""

from collections.abc import Mapping

import numpy as np

from models.vital_anomaly.trend.recordings import Stream, Values

Dice = np.random.Generator
RISE = 6
"""Steps that a change takes, one minute."""
LASTS = 30
"""Steps of an episode, five minutes."""
STRONGER, WEAKER = 1.3, 0.8
HEART, BREATHING, OXYGEN, WARMTH = range(4)
EPISODES: Mapping[str, Mapping[int, float]] = {
    "SpO2 8 lower": {OXYGEN: -8.0},
    "SpO2 5 lower": {OXYGEN: -5.0},
    "breathing 10 faster": {BREATHING: 10.0},
    "breathing 8 slower": {BREATHING: -8.0},
    "heart 45 faster": {HEART: 45.0},
    "heart 35 slower": {HEART: -35.0},
    "2 degrees warmer": {WARMTH: 2.0},
    "deterioration: heart 20, breathing 6, temperature 0.9 up, SpO2 3 down": {HEART: 20.0, BREATHING: 6.0, OXYGEN: -3.0, WARMTH: 0.9},
}
"""Name -> change of each vital that changes, in its unit; each planted WEAKER to STRONGER times as strong."""


def possible(stream: Stream, name: str) -> bool:
    """Say whether the first of an episode's vitals is measured most of the time."""
    first = next(iter(EPISODES[name]))
    return bool(np.isfinite(stream.values[:, first]).mean() > 0.5)


def planted(values: Values, name: str, start: int, dice: Dice) -> Values:
    """Return values with an episode from step `start` on; what is not measured stays so."""
    changed = values.copy()
    ramp = np.clip((np.arange(len(values)) - start) / RISE, 0.0, 1.0) * dice.uniform(WEAKER, STRONGER)
    for vital, change in EPISODES[name].items():
        changed[:, vital] += change * ramp
    changed[:, OXYGEN] = np.minimum(changed[:, OXYGEN], 100.0)
    changed[:, BREATHING] = np.maximum(changed[:, BREATHING], 3.0)
    return changed
