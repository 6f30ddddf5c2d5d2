"""Which series a wearer's metric is: a table by numpy, filled from the database once a series."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cloud.database import Connection, Database
from cloud.packed import ints, smallints, uuids
from cloud.vitals.wearer import Wearer
from protocol.metrics import METRICS

_CODES = max(METRICS) + 1
_FIRST_PLACES = 1024


class SeriesRegister:
    """Series ids by (place, metric). A place stands for one wearable on one patient and never changes.

    What is known counts for one generation of the database: a restore may have lost the series that were made last.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._generation = 0
        self._forget()

    def _forget(self) -> None:
        self._places: dict[tuple[bytes, bytes], int] = {}
        self._wearers: list[Wearer] = []
        self._ids = np.zeros((_FIRST_PLACES, _CODES), dtype=np.int32)
        self._organisations = np.zeros(_FIRST_PLACES, dtype=np.int32)

    def enter(self, generation: int) -> None:
        """Say which generation of the database is to be written to."""
        if generation != self._generation:
            self._generation = generation
            self._forget()

    def place(self, wearer: Wearer) -> int:
        """Return a wearer's place."""
        name = (wearer.wearable, wearer.patient)
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = len(self._wearers)
            self._wearers.append(wearer)
            if place == len(self._ids):
                self._ids = np.concatenate([self._ids, np.zeros_like(self._ids)])
                self._organisations = np.concatenate([self._organisations, np.zeros_like(self._organisations)])
            self._organisations[place] = wearer.organisation
        return place

    def organisations(self, places: NDArray[np.intp]) -> NDArray[np.int32]:
        """Return the organisation of each place."""
        return self._organisations[places]

    async def series(self, places: NDArray[np.intp], metrics: NDArray[np.uint16]) -> NDArray[np.int32]:
        """Return the series of each (place, metric), made, in a transaction of its own, where it was not yet there."""
        found = self._ids[places, metrics]
        if not found.all():
            lacking = found == 0
            pairs = sorted({(int(place), int(metric)) for place, metric in zip(places[lacking], metrics[lacking], strict=True)})
            async with self._database.transaction(None) as connection:
                made = await _made(connection, [self._wearers[place] for place, _ in pairs], [metric for _, metric in pairs])
            for place, metric in pairs:
                wearer = self._wearers[place]
                self._ids[place, metric] = made[wearer.wearable, wearer.patient, metric]
            found = self._ids[places, metrics]
        return found


async def _made(connection: Connection, wearers: Sequence[Wearer], metrics: Sequence[int]) -> dict[tuple[bytes, bytes, int], int]:
    columns = (
        ints([wearer.organisation for wearer in wearers]),
        uuids([wearer.patient for wearer in wearers]),
        uuids([wearer.wearable for wearer in wearers]),
        smallints(metrics),
    )
    await connection.execute(
        "insert into series(organisation_id, patient_id, wearable_id, metric) select * from unnest(%s, %s, %s, %s) on conflict do nothing",
        columns,
    )
    cursor = await connection.execute(
        "select uuid_send(s.wearable_id), uuid_send(s.patient_id), s.metric::int, s.id from series s"
        " join unnest(%s, %s, %s, %s) as wanted(o, p, w, m) on s.wearable_id = w and s.patient_id = p and s.metric = m",
        columns,
        binary=True,
    )
    return {(wearable, patient, metric): series for wearable, patient, metric, series in await cursor.fetchall()}
