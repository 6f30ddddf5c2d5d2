"""How much room a table of readings takes, in partitions, in chunks, and in columns."""

from datetime import datetime

import psycopg
from psycopg import conninfo

from cloud.database import Database
from cloud.vitals.columnstore import store_in_columns
from tests.support.postgres import Addresses, addresses


def database_of(url: str) -> Addresses:
    """Return the addresses of each role in the database of a superuser's address."""
    return addresses(url, str(conninfo.conninfo_to_dict(url)["dbname"]))


def size(url: str, table: str) -> tuple[int, int]:
    """Return the bytes of a table's rows (or columns) and of its indexes, all partitions or chunks counted."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum")
        [(hyper,)] = connection.execute("select relkind <> 'p' from pg_class where oid = %s::regclass", [table]).fetchall()
        if hyper:
            sizes = "select sum(total_bytes - index_bytes), sum(index_bytes) from hypertable_detailed_size(%s::regclass)"
        else:
            sizes = "select sum(pg_table_size(relid)), sum(pg_indexes_size(relid)) from pg_partition_tree(%s::regclass)"
        [(rows, indexes)] = connection.execute(sizes, [table]).fetchall()
        return int(rows), int(indexes)


async def move_to_columns(watch: str, now: datetime) -> None:
    """Do what the watch would do at a moment: move every chunk whose day is over. watch: its address."""
    async with Database(watch) as database:
        while await store_in_columns(database, now):
            pass
