"""Long lists in pages: a cursor is a place in the list's order, so that what is added at its head moves nothing."""

import base64
import binascii
import json
from datetime import datetime
from typing import cast
from uuid import UUID

from starlette.requests import Request

from cloud.errors import Unacceptable

_NONE = "this is no cursor: take it from the Link header of the page before"


def write_cursor(at: datetime, item: UUID) -> str:
    """Return the place after an item of a list that is ordered by a time and an id."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), item.hex]).encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, UUID]:
    """Return the time and the id of a cursor.

    Raises:
        Unacceptable: it is none.
    """
    try:
        body: object = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        at, item = cast("list[str]", body)
        place = datetime.fromisoformat(at), UUID(item)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise Unacceptable(_NONE) from error
    if place[0].tzinfo is None:
        raise Unacceptable(_NONE)
    return place


def next_page(request: Request, at: datetime, item: UUID) -> str:
    """Return the Link header (RFC 8288) that leads to what comes after an item."""
    url = request.url.include_query_params(cursor=write_cursor(at, item))
    return f'<{url.path}?{url.query}>; rel="next"'
