"""The commands for ingest keys, run beside the worker: with its CLOUD_KEYS (the folder) and CLOUD_DATABASE_URL (its role's address).

mediassist ingest-keys list                            every key: suite, since when it is succeeded, how many gateways and epochs use it
mediassist ingest-keys rotate [--suite x25519]         make a new current key; the old one opens what is sealed to it until it is retired
mediassist ingest-keys announce [--suite x25519]       order each gateway of the suite to seal to its current key; `rotate` does it too
mediassist ingest-keys order-key                       make the key that signs orders, where there is none; say where its public half is
mediassist ingest-keys retire ID                       destroy an old key, or say what holds it back
mediassist ingest-keys declare-lost GATEWAY EPOCH --reason TEXT     an epoch that will never be whole: its gateway was stolen, or burnt
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from cloud import orders
from cloud.database import Rejected, single_connection
from cloud.ingest import repository
from cloud.ingest.key_retirement import holds
from cloud.ingest.settings import IngestKeySettings
from cloud.settings import WrongSetting, read
from protocol.orders import NewIngestKey
from provisioning import ingest_keys, order_key
from provisioning.ingest_keys import NoIngestKey, StoredKey, Suite


def keys(arguments: Sequence[str]) -> int:
    """Run `mediassist ingest-keys list|rotate|announce|order-key|retire|declare-lost`; 1: refused, 2: cannot."""
    given = _parser().parse_args(arguments)
    try:
        settings = read(IngestKeySettings)
        match given.what:
            case "list":
                return asyncio.run(_list(settings))
            case "rotate":
                key = ingest_keys.rotate(settings.keys, datetime.now(UTC), Suite(given.suite))
                print(f"new current key of {key.suite}: {key.id.hex()}")
                return asyncio.run(_announce(settings, key.suite))
            case "announce":
                return asyncio.run(_announce(settings, Suite(given.suite)))
            case "order-key":
                return _order_key(settings)
            case "retire":
                return asyncio.run(_retire(settings, given.id))
            case _:
                return asyncio.run(_declare_lost(settings, given))
    except WrongSetting as error:
        print(error, file=sys.stderr)
        return 2
    except (NoIngestKey, LookupError, Rejected) as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mediassist ingest-keys")
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("list")
    what.add_parser("order-key")
    for word in ("rotate", "announce"):
        what.add_parser(word).add_argument("--suite", choices=[str(suite) for suite in Suite], default=str(Suite.HYBRID))
    what.add_parser("retire").add_argument("id", type=bytes.fromhex)
    lost = what.add_parser("declare-lost")
    lost.add_argument("gateway", type=lambda text: UUID(hex=text))
    lost.add_argument("epoch", type=bytes.fromhex)
    lost.add_argument("--reason", required=True)
    return parser


async def _list(settings: IngestKeySettings) -> int:
    stored = ingest_keys.load_all(settings.keys)
    async with single_connection(settings.database_url.get_secret_value()) as connection:
        used = await repository.use_of_keys(connection)
    for each in stored:
        use = used.pop(each.key.id, repository.Use(0, 0))
        since = f"succeeded {each.succeeded_at:%Y-%m-%d}" if each.succeeded_at else "current"
        print(f"{each.key.id.hex()}  {each.key.suite:16}  {since:21}  {use.gateways} gateways, {use.epochs} epochs")
    for gone, use in used.items():
        print(f"{gone.hex()}  {'not here':39}  {use.gateways} gateways, {use.epochs} epochs")
    return 0


async def _announce(settings: IngestKeySettings, suite: Suite) -> int:
    """Order gateways that seal to an older key of the suite, and with the default suite those that never spoke, to take the current one."""
    current = ingest_keys.load_private(settings.keys, suite)
    older = [each.key.id for each in ingest_keys.load_all(settings.keys) if each.key.suite is suite and each.key.id != current.id]
    async with single_connection(settings.database_url.get_secret_value()) as connection:
        gateways = await repository.gateways_to_move(connection, older, silent=suite is Suite.HYBRID)
        new = await orders.give(connection, gateways, NewIngestKey(current.public.raw), datetime.now(UTC))
    print(f"ordered {len(new)} of {len(gateways)} gateways to seal to it; the others wait for that order already")
    return 0


def _order_key(settings: IngestKeySettings) -> int:
    if not (settings.keys / order_key.PRIVATE).exists():
        order_key.make(settings.keys)
    print(f"give gateways {settings.keys / order_key.PUBLIC} at enrolment, as ingest/{order_key.PUBLIC} of their state")
    return 0


async def _retire(settings: IngestKeySettings, key_id: bytes) -> int:
    stored = ingest_keys.load_all(settings.keys)
    found = next((each for each in stored if each.key.id == key_id), None)
    if found is None:
        raise NoIngestKey(f"{settings.keys} holds no key {key_id.hex()}")
    async with single_connection(settings.database_url.get_secret_value()) as connection:
        standing = await repository.standing(connection, key_id, [each.key.id for each in stored if _instead(each, found)])
    held = holds(found.succeeded_at, standing, datetime.now(UTC))
    if held:
        print("\n".join([f"refused: {key_id.hex()} is still needed", *(f"  {line}" for line in held)]), file=sys.stderr)
        return 1
    ingest_keys.destroy(found)
    print(f"destroyed: {key_id.hex()}")
    return 0


def _instead(one: StoredKey, of: StoredKey) -> bool:
    """Whether a gateway that seals to `one` does not need `of` any more: a newer key of the same suite, or any of the other suite."""
    if one.key.suite is not of.key.suite:
        return True
    if one.succeeded_at is None or of.succeeded_at is None:
        return of.succeeded_at is not None
    return one.succeeded_at > of.succeeded_at


async def _declare_lost(settings: IngestKeySettings, given: argparse.Namespace) -> int:
    async with single_connection(settings.database_url.get_secret_value()) as connection:
        new = await repository.declare_lost(connection, (given.gateway, given.epoch), given.reason, datetime.now(UTC))
    print("declared lost" if new else "was declared lost before")
    return 0
