"""What the database holds and states, in the words of the delivery model."""

from collections.abc import Callable
from typing import Any

from cloud.database import Database
from cloud.ingest.folding import statement
from tests.support.delivery_home import FIRST_VALUE
from tests.support.delivery_register import Register
from tests.support.gateway import GATEWAY

View = dict[str, Any]
Rows = Callable[..., list[tuple[Any, ...]]]


async def cloud_view(database: Database, rows: Rows, register: Register) -> View:
    """Say what is stored, by the ledger, and what `statement` says of each epoch; `rows`: the contents that lie in a table.

    rows: asks the database past every policy.
    """
    statements: dict[str, list[Any]] = {}
    kept = {(register.number(bytes(e)), c) for e, c in rows("select epoch, counter from ledger where status <> 'gap'")}
    epochs = [bytes(epoch) for (epoch,) in rows("select epoch from epoch")]
    async with database.transaction(None) as connection:
        every = {register.number(epoch): await statement(connection, GATEWAY, epoch) for epoch in epochs}
    for epoch, said in every.items():
        assert said is not None
        statements[str(epoch)] = [said.complete_to, list(said.given_up), list(said.missing), said.whole_at]
        kept |= {(epoch, counter) for counter in range(said.complete_to + 1) if counter not in said.given_up}
    stored = sorted([*name, register.made[name].kind] for name in kept)
    return {"stored": stored, "statements": statements, "rows": contents(rows, register)}


def contents(rows: Rows, register: Register) -> list[list[Any]]:
    """Return the data and poison messages whose content lies in a table, each as often as it lies there."""
    serials = [int(value - FIRST_VALUE) for (value,) in rows("select value from reading")]
    serials += [number for (number,) in rows("select first_sample from waveform")]
    sealed = [(register.number(bytes(e)), c) for e, c in rows("select epoch, counter from undecoded")]
    return sorted([*[[*register.serials[s], "data"] for s in serials], *[[*name, "poison"] for name in sealed]])
