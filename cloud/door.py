"""The application's door: its routes, whose page may ask, and which answer a refusal gets."""

import ipaddress
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response, WebSocket, status
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse

from cloud.access.endpoints import routes as access_routes
from cloud.alerts.endpoints import routes as alerts_routes
from cloud.completeness.endpoints import routes as completeness_routes
from cloud.database import Away
from cloud.devices.endpoints import routes as devices_routes
from cloud.early_warning.endpoints import routes as early_warning_routes
from cloud.errors import (
    Absent,
    CloudError,
    Destroyed,
    ForeignOrigin,
    NotAllowed,
    NotPossible,
    NotSignedIn,
    Outdated,
    TooManyAttempts,
    TooManyRequests,
    TooOften,
    Unacceptable,
    WrongCredentials,
)
from cloud.escalation.endpoints import routes as escalation_routes
from cloud.live_feed import LiveFeed, LiveMessage
from cloud.patients.endpoints import routes as patients_routes
from cloud.processes.endpoints import routes as processes_routes
from cloud.rate_limit import RateLimit
from cloud.refusals import Refusals
from cloud.request import COOKIE, Problem, current_caller, surroundings
from cloud.rules.endpoints import routes as rules_routes
from cloud.vitals.endpoints import routes as vitals_routes

log = structlog.stdlib.get_logger()

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_STATUS: dict[type[CloudError], int] = {
    NotSignedIn: status.HTTP_401_UNAUTHORIZED,
    WrongCredentials: status.HTTP_401_UNAUTHORIZED,
    ForeignOrigin: status.HTTP_403_FORBIDDEN,
    NotAllowed: status.HTTP_403_FORBIDDEN,
    Absent: status.HTTP_404_NOT_FOUND,
    NotPossible: status.HTTP_409_CONFLICT,
    Destroyed: status.HTTP_410_GONE,
    Outdated: status.HTTP_412_PRECONDITION_FAILED,
    Unacceptable: status.HTTP_422_UNPROCESSABLE_CONTENT,
    TooManyAttempts: status.HTTP_429_TOO_MANY_REQUESTS,
    TooManyRequests: status.HTTP_429_TOO_MANY_REQUESTS,
}


@dataclass(frozen=True, slots=True)
class Guarding:
    """What the door itself needs, placed in `app.state.guarding`. origins: whose pages may act in a user's name."""

    origins: frozenset[str]
    refusals: Refusals
    feed: LiveFeed
    rate_limit: RateLimit


@dataclass(frozen=True, slots=True)
class Health:
    """The database that answers. timescaledb: whether the extension is in use."""

    database: str
    timescaledb: bool


routes = APIRouter()


@routes.get("/api/health", tags=["operation"])
async def health(request: Request) -> Health:
    """Say that the application and its database answer, and which database it is."""
    found = await surroundings(request).database.capabilities()
    return Health(found.server, found.timescaledb)


@routes.get("/healthz", include_in_schema=False)
async def alive() -> Response:
    """Say that this process answers; a process that does not is to be started again."""
    return Response("alive\n", media_type="text/plain")


@routes.get("/readyz", include_in_schema=False)
async def ready(request: Request) -> Response:
    """Say that the database answers and its announcements are heard; a process that is not ready is to be given no requests.

    Raises:
        Away: the database does not answer: 503.
    """
    await surroundings(request).database.capabilities()
    if not _guarding(request).feed.listening.is_set():
        return Response("not listening to the database\n", status.HTTP_503_SERVICE_UNAVAILABLE, media_type="text/plain")
    return Response("ready\n", media_type="text/plain")


@routes.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Return the counters, to this machine only."""
    if not _is_loopback(request):
        raise Absent("not found")
    return Response(generate_latest(_guarding(request).refusals.registry), media_type=CONTENT_TYPE_LATEST)


@routes.websocket("/api/live")
async def live(socket: WebSocket, gap: Annotated[int, Query(ge=0, le=3600, description="seconds for which nothing was heard")] = 0) -> None:
    """Push what is stored now, and first what was stored in the gap; without our origin or a session a socket is refused, not accepted."""
    guarding = _guarding(socket)
    origin = socket.headers.get("origin")
    try:
        if origin not in guarding.origins:
            raise ForeignOrigin("this page may not listen")
        caller = await current_caller(socket)
        with guarding.refusals.sockets.track_inprogress():
            await guarding.feed.serve(socket, caller, timedelta(seconds=gap))
    except CloudError as error:
        guarding.refusals.count(error.reason)
        await socket.close(status.WS_1008_POLICY_VIOLATION)
    except Away as error:
        log.warning("database.away", error=type(error).__name__)
        await socket.close(status.WS_1013_TRY_AGAIN_LATER)


async def own_origin(connection: HTTPConnection) -> None:
    """Refuse to change anything for a page of another site.

    A request without an Origin header comes from no browser: it carries no cookie that it was not given on purpose.

    Raises:
        ForeignOrigin: the page is not ours.
    """
    if connection.scope["type"] != "http" or connection.scope["method"] in _SAFE_METHODS:
        return
    origin = connection.headers.get("origin")
    if origin is not None and origin not in _guarding(connection).origins:
        raise ForeignOrigin("this page may not act in your name")


async def own_share(connection: HTTPConnection) -> None:
    """Refuse to be asked more than one session's share; a socket, once open, asks for nothing.

    Raises:
        TooManyRequests: it is.
    """
    if connection.scope["type"] == "http" and connection.url.path.startswith("/api/"):
        address = connection.client.host if connection.client else ""
        _guarding(connection).rate_limit.count(connection.cookies.get(COOKIE), address)


class Application(FastAPI):
    """The application, which describes its refusals as what they are: problems (RFC 9457), not plain JSON."""

    def openapi(self) -> dict[str, Any]:
        """Return the description (OpenAPI 3.1)."""
        if self.openapi_schema is None:
            described = super().openapi()
            for methods in described["paths"].values():
                for operation in methods.values():
                    for code, answer in operation["responses"].items():
                        if code >= "400" and "application/json" in answer.get("content", {}):
                            answer["content"]["application/problem+json"] = answer["content"].pop("application/json")
            self.openapi_schema = described
        return self.openapi_schema


def make_door() -> FastAPI:
    """Return the application with its routes and refusals; the assembly places what they need in `app.state`."""
    app = Application(
        title="MediAssist",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        responses={
            400: {"model": Problem, "description": "the body is no JSON"},
            401: {"model": Problem, "description": "not signed in"},
            403: {"model": Problem, "description": "a page of another site, or not in the role that may"},
            422: {"model": Problem, "description": "a parameter is missing, or asks for what cannot be"},
            429: {"model": Problem, "description": "too many requests of this session; Retry-After says when the next one may come"},
            503: {"model": Problem, "description": "the database is away"},
        },
        dependencies=[Depends(own_origin), Depends(own_share)],
        generate_unique_id_function=lambda route: route.name,
    )
    for room in (
        access_routes,
        patients_routes,
        devices_routes,
        vitals_routes,
        alerts_routes,
        escalation_routes,
        completeness_routes,
        rules_routes,
        early_warning_routes,
        processes_routes,
        routes,
    ):
        app.include_router(room)
    app.webhooks.add_api_route("live", _live_message, methods=["POST"], name="live_message")
    app.add_exception_handler(CloudError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_form)
    app.add_exception_handler(HTTPException, _refuse_path)
    app.add_exception_handler(Away, _refuse_away)
    return app


def _live_message(message: LiveMessage) -> None:
    """Say what the socket /api/live sends: one of these objects a text frame."""


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, CloudError)
    _guarding(request).refusals.count(error.reason)
    headers = {"Retry-After": str(math.ceil(error.retry_after_s))} if isinstance(error, TooOften) else None
    return _problem(error.reason, str(error), _STATUS.get(type(error), status.HTTP_400_BAD_REQUEST), headers)


async def _refuse_form(_request: Request, error: Exception) -> Response:
    """Say which field is wrong, in one sentence; never what was in it."""
    assert isinstance(error, RequestValidationError)
    places = [f"{'.'.join(str(part) for part in found['loc'][1:])}: {found['msg']}" for found in error.errors()]
    return _problem("unacceptable", "; ".join(places), status.HTTP_422_UNPROCESSABLE_CONTENT)


async def _refuse_path(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _problem(error.detail.lower().replace(" ", "_"), error.detail.lower(), error.status_code, error.headers)


async def _refuse_away(_request: Request, error: Exception) -> Response:
    log.warning("database.away", error=type(error).__name__)
    detail = "the database does not answer: try again"
    return _problem("database_away", detail, status.HTTP_503_SERVICE_UNAVAILABLE, {"Retry-After": "1"})


def _problem(reason: str, detail: str, of_status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return a refusal as a problem (RFC 9457)."""
    problem = Problem(f"urn:mediassist:problem:{reason}", reason.replace("_", " "), of_status, detail)
    return JSONResponse(asdict(problem), of_status, headers, media_type="application/problem+json")


def _guarding(connection: HTTPConnection) -> Guarding:
    found: object = connection.app.state.guarding
    assert isinstance(found, Guarding)
    return found


def _is_loopback(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
