"""Made courses of glucose, and tables of readings as sensors give them."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np


def course(days: float, seed: int = 0, low: float = 60.0) -> np.ndarray:
    """Return glucose every five minutes, mg/dL: meals, and nights that fall to `low`."""
    dice, count = np.random.default_rng(seed), int(days * 288)
    hour = np.arange(count) / 12 % 24
    values = (
        120
        + 60 * np.exp(-(((hour - 9) / 1.2) ** 2))
        + 80 * np.exp(-(((hour - 19) / 1.5) ** 2))
        - (120 - low) * np.exp(-(((hour - 3) / 1.2) ** 2))
    )
    return values + np.convolve(dice.normal(0, 3, count + 5), np.ones(6) / 6, "valid")


def write(path: Path, people: dict[str, np.ndarray]) -> None:
    """Write a table of readings."""
    start = datetime(2024, 3, 1)
    rows = ["person_id,timestamp,glucose_mg_dl"]
    for name, values in people.items():
        rows += [
            f"{name},{start + timedelta(minutes=5 * place)},{'' if np.isnan(value) else round(value, 1)}"
            for place, value in enumerate(values)
        ]
    path.write_text("\n".join(rows) + "\n")
