"""The simulated wearables: what they are told to pretend, what they write down, and in whose process they live.

On radio buses one process serves all homes; in-process radios have each home's wearables beside its gateway, with a journal each.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from uuid import UUID, uuid5

from deploy.local.homes import Household
from deploy.local.processes import Program, Supervisor

Source = Callable[[int], dict[str, object]]
"""Number of a patient, from 0 -> what they are made of."""
NAME = "simulators"
PASSKEY = 271_828
"""What the display of the first home's new finger sensor shows."""
_NEW = (
    ("pulse_oximeter", "passkey"),
    ("thermometer", "numeric"),
)
"""Devices that lie in the first home and belong to nobody yet: whoever opens the hub's page can add them."""


def journals(households: Sequence[Household], state: Path) -> tuple[Path, ...]:
    """Return where it is written what went on the air."""
    own = tuple(household.journal for household in households if household.bus is None)
    return own or (state.absolute() / "produced.jsonl",)


def prepare(
    households: Sequence[Household], state: Path, source: Source, environment: Mapping[str, str], processes: Supervisor
) -> tuple[Program, ...]:
    """Write what they are to pretend, forget the last run's journals, and return their process, where they have one of their own.

    They measure once a gateway listens, so they may start before it.
    """
    kept = journals(households, state)
    for journal in kept:
        journal.unlink(missing_ok=True)
    if all(household.bus is None for household in households):
        for household, journal in zip(households, kept, strict=True):
            _write_plan(household.plan, [household], source, journal)
        return ()
    path = state.absolute() / "simulators.json"
    _write_plan(path, households, source, *kept)
    return (
        Program(
            name=NAME,
            command=(sys.executable, "-m", "simulators"),
            environment={**environment, "SIMULATOR_PLAN": str(path)},
            ready=lambda: "ready" in processes.log(NAME).splitlines(),
        ),
    )


def _new(household: Household) -> list[dict[str, object]]:
    if household.number != 1 or household.bus is None:
        return []
    return [
        {
            "id": str(uuid5(UUID(household.home.patient), kind)),
            "kind": kind,
            "address": f"C0:5A:5A:00:00:{number:02X}",
            "name": f"New {kind.replace('_', ' ')}",
            "pairing": how,
            "passkey": PASSKEY,
        }
        for number, (kind, how) in enumerate(_NEW, 1)
    ]


def _write_plan(path: Path, households: Sequence[Household], source: Source, journal: Path) -> None:
    """Write a plan as `simulators.plan` reads it."""
    described = {
        "homes": [
            {
                "bus": household.bus.address if household.bus else "in-process",
                "patient": household.home.patient,
                "source": source(household.number - 1),
                "wearables": [asdict(device) for device in household.home.wearables] + _new(household),
                "bonds": str(path.with_name(f"bonds-{household.number}.json")),
            }
            for household in households
        ],
        "produced": str(journal),
    }
    path.write_text(json.dumps(described, indent=1))
