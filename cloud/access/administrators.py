"""What only administrators may do."""

from cloud.access import repository
from cloud.access.account import Role
from cloud.errors import NotAllowed
from cloud.request import CurrentCaller, OrganisationTransaction


async def administrator(caller: CurrentCaller, connection: OrganisationTransaction) -> None:
    """Refuse whoever is no administrator.

    Raises:
        NotAllowed: in another role.
    """
    account = await repository.account(connection, caller.account)
    if account is None or account.role is not Role.ADMINISTRATOR:
        raise NotAllowed("only an administrator may do this")
