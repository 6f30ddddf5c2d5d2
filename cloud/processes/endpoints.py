"""The door of the processes' standing: is anything behind this page silent?"""

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from cloud.processes import repository
from cloud.processes.duties import silent
from cloud.processes.repository import PROCESSES, Process
from cloud.request import CurrentCaller, OrganisationTransaction

routes = APIRouter(prefix="/api/processes", tags=["processes"])


class ProcessOut(BaseModel):
    """One kind of process. heard_at: when one of its kind was heard last, null where none ever was. silent: that is over a minute ago, or never was."""

    process: Process
    heard_at: datetime | None
    silent: bool


@routes.get("")
async def processes(_: CurrentCaller, connection: OrganisationTransaction) -> list[ProcessOut]:
    """Return the processes that store what homes send ("worker") and pass alerts on ("watch")."""
    heard, now = await repository.heard(connection), datetime.now(UTC)
    return [ProcessOut(process=process, heard_at=heard.get(process), silent=silent(heard.get(process), now)) for process in PROCESSES]
