"""The demonstration's tables come up in the embedded server, or in one that the person names."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from deploy.local import postgres
from deploy.local.database import open_database
from deploy.local.processes import Supervisor


def test_a_server_of_one_s_own_is_used_and_made_ready_twice(tmp_path) -> None:
    with postgres.temporary() as url, Supervisor(tmp_path / "logs") as processes:
        first = open_database(tmp_path, url, processes)
        assert open_database(tmp_path, url, processes) == first
        assert first.embedded is None
        assert not processes.names()
        assert conninfo_to_dict(first.app)["password"] != conninfo_to_dict(first.ingest)["password"]
        for address, role in ((first.app, "mediassist_app"), (first.ingest, "mediassist_ingest")):
            with psycopg.connect(address) as connection:
                row = connection.execute(
                    "select current_user, rolsuper or rolbypassrls from pg_roles where rolname = current_user"
                ).fetchone()
                assert row == (role, False)
