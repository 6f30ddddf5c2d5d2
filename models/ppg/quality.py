"""How far is a pulse wave to be believed? Pure.

Every pulse is set beside the shape that is usual in this wave (Orphanidou et al., IEEE J Biomed Health Inform 19:832, 2015), and the time between pulses beside
what is usual: what was taken for a pulse and is none, or was missed, spoils the times first.
"""

import numpy as np

from models.ppg.wave import RATE, Wave

GOOD = 0.6
"""From this index on a pulse rate is within 5 a minute of an ECG's nearly always: see `docs/models.md`."""
_FEWEST = 5
_NEAR = 0.25


def index(wave: Wave) -> float:
    """Return the quality, 0 (nothing that looks like pulses) to 1 (pulses as alike as a clock's)."""
    if len(wave.pulses) < _FEWEST:
        return 0.0
    intervals = np.diff(wave.pulses) / RATE
    usual = float(np.median(intervals))
    reach = round(min(usual, 1.2) * RATE / 2)
    inside = wave.pulses[(wave.pulses >= reach) & (wave.pulses < len(wave.trace) - reach)]
    if len(inside) < _FEWEST:
        return 0.0
    cut = wave.trace[inside[:, None] + np.arange(-reach, reach)]
    cut = cut - cut.mean(axis=1)[:, None]
    unit = cut / (np.linalg.norm(cut, axis=1)[:, None] + 1e-9)
    shape = np.median(unit, axis=0)
    alike = float(np.clip(unit @ (shape / (np.linalg.norm(shape) + 1e-9)), 0, 1).mean())
    steady = float((np.abs(intervals / usual - 1) < _NEAR).mean())
    return alike * steady / (1 + float(intervals.std() / intervals.mean()))
