"""What a person does with an alert: one step of its life, in the request's transaction, if the caller has seen its newest version."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response

from cloud.alerts import life_cycle, repository
from cloud.alerts.alert import AlertSummary, summary_of
from cloud.alerts.life_cycle import Event
from cloud.alerts.repository import AlertEvent
from cloud.database import Connection
from cloud.errors import Absent, NotPossible, Outdated
from cloud.request import Caller, CurrentCaller, OrganisationTransaction, entity_tag, surroundings


@dataclass(frozen=True, slots=True)
class Changing:
    """Who changes an alert, when, and which version they have seen (None: whichever)."""

    connection: Connection
    caller: Caller
    now: datetime
    seen: str | None
    response: Response

    async def do(self, alert: UUID, what: Callable[[datetime, UUID], tuple[Event, AlertEvent]]) -> AlertSummary:
        """Do it, write it down, and return how the alert is now. What changes nothing is not written down.

        Raises:
            Absent: no such alert. Outdated: it has changed meanwhile. NotPossible: it cannot follow.
        """
        standing = await repository.standing_for_update(self.connection, alert)
        row = await repository.alert(self.connection, alert)
        if standing is None or row is None:
            raise Absent("no such alert")
        if self.seen not in (None, "*", entity_tag(standing.version)):
            raise Outdated(f"the alert has changed: it is in version {standing.version}; look at it again")
        event, written = what(self.now, self.caller.account)
        try:
            after, _ = life_cycle.step(standing, event)
        except life_cycle.NotPossible as error:
            raise NotPossible(str(error)) from error
        if after != standing:
            await repository.change(self.connection, alert, self.caller.organisation, after, written, row.patient_id)
            row = await repository.alert(self.connection, alert)
            assert row is not None
        self.response.headers["ETag"] = entity_tag(row.version)
        return summary_of(row)


def changing(
    connection: OrganisationTransaction,
    caller: CurrentCaller,
    request: Request,
    response: Response,
    if_match: Annotated[str | None, Header(description="the ETag of the version that was seen")] = None,
) -> Changing:
    """Return who changes an alert here."""
    return Changing(connection, caller, surroundings(request).now(), if_match, response)


Change = Annotated[Changing, Depends(changing)]
