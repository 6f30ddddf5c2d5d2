"""A patient's readings as a Parquet file, made page by page: what is in memory is one page and its compressed row group."""

from collections.abc import AsyncGenerator
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import pyarrow as pa
from pyarrow import parquet as pq

from cloud.database import Database
from cloud.vitals import repository
from protocol.metrics import METRICS, Absence

SCHEMA = pa.schema(
    [
        pa.field("at", pa.timestamp("ms", tz="UTC"), nullable=False),
        pa.field("wearable", pa.string(), nullable=False),
        pa.field("metric", pa.dictionary(pa.int16(), pa.string()), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("unit", pa.dictionary(pa.int16(), pa.string()), nullable=False),
        pa.field("absence", pa.dictionary(pa.int16(), pa.string())),
        pa.field("record", pa.int64()),
    ],
    metadata={"about": "readings of one patient; value in `unit` (UCUM), null exactly when `absence` says why"},
)


class _Sink(BytesIO):
    """What a writer writes into, taken away piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._before = 0

    def tell(self) -> int:
        return self._before + super().tell()

    def take(self) -> bytes:
        """Return what was written since the last time."""
        written = self.getvalue()
        self._before += len(written)
        self.seek(0)
        self.truncate()
        return written


async def parquet(
    database: Database, organisation: int, patient: UUID, since: datetime, until: datetime, rows: int
) -> AsyncGenerator[bytes]:
    """Yield the file in pieces. It is of one moment: that of its one query.

    Raises:
        Away: the database went away meanwhile; the file then lacks its end, and no reader takes it.
    """
    sink = _Sink()
    async with database.transaction(organisation) as connection:
        with pq.ParquetWriter(sink, SCHEMA, compression="zstd") as writer:
            async with repository.readings_in_pages(connection, patient, since, until, rows) as pages:
                async for page in pages:
                    writer.write_table(_table(page))
                    yield sink.take()
    yield sink.take()


def _table(page: list[tuple[Any, ...]]) -> pa.Table:
    at, wearable, metric, value, absence, record = zip(*page, strict=True)
    columns = {
        "at": at,
        "wearable": [str(each) for each in wearable],
        "metric": [METRICS[each].name for each in metric],
        "value": value,
        "unit": [METRICS[each].unit for each in metric],
        "absence": [None if each is None else Absence(each).name.lower() for each in absence],
        "record": record,
    }
    arrays = [pa.array(columns[field.name], field.type) for field in SCHEMA]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)
