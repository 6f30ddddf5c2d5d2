"""The hub's pages: rendered here, readable without a script, nothing loaded from anywhere else."""

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.middleware.trustedhost import TrustedHostMiddleware

from edge.gateway.adding import Adding
from edge.gateway.alarms import QUIET_MS, Alarm
from edge.gateway.board import Board, Shown
from edge.gateway.hub import adding_pages, parting_pages, words
from edge.gateway.hub.access import Access, Session, TooOften
from edge.gateway.hub.adding_pages import Desk
from edge.gateway.hub.parting_pages import Parting

HERE = Path(__file__).parent
COOKIE = "hub"
MOST_FORM_BYTES = 4096
LOW_BATTERY = 20
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # under "no-referrer" browsers send forms with the origin "null"
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is. hosts: names it is asked by; anything else is refused (DNS rebinding). secure: reached by TLS."""

    zone: ZoneInfo
    hosts: tuple[str, ...]
    secure: bool


def pages(board: Board, access: Access, place: Place, parting: Parting, adding: Adding | None = None) -> FastAPI:
    """Return the application. adding: how a device is added; None: not at this hub."""
    templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    app = FastAPI(title="MediAssist hub", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(place.hosts))
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")

    def page(name: str, status: HTTPStatus = HTTPStatus.OK, **what: Any) -> HTMLResponse:
        return HTMLResponse(templates.get_template(name).render(**what), status, _HEADERS)

    async def home(session: Session, name: str) -> HTMLResponse:
        waiting = await board.waiting()
        view = _view(board, place.zone)
        return page(
            name,
            csrf=session.csrf,
            connected=board.connected(),
            waiting=waiting,
            view=view,
            may_add=adding is not None,
            may_reset=parting.reset is not None,
        )

    def back() -> RedirectResponse:
        return RedirectResponse("/", HTTPStatus.SEE_OTHER, _HEADERS)

    def session_of(request: Request) -> Session | None:
        return access.session(request.cookies.get(COOKIE))

    @app.get("/")
    async def overview(request: Request) -> Response:
        session = session_of(request)
        return page("sign_in.html", error="") if session is None else await home(session, "home.html")

    @app.get("/now")
    async def now(request: Request) -> Response:
        """The part of the page that changes."""
        session = session_of(request)
        return Response(status_code=HTTPStatus.FORBIDDEN) if session is None else await home(session, "now.html")

    @app.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        form = await _form(request)
        if form is None or not _same_origin(request):
            return page("sign_in.html", HTTPStatus.FORBIDDEN, error="This page was opened from somewhere else. Open it again.")
        try:
            secret = access.sign_in(form.get("code", ""))
        except TooOften as too:
            response = page("sign_in.html", HTTPStatus.TOO_MANY_REQUESTS, error=f"{str(too).capitalize()}.")
            response.headers["Retry-After"] = f"{too.seconds:.0f}"
            return response
        if secret is None:
            return page("sign_in.html", HTTPStatus.FORBIDDEN, error="That is not the code on the label of your hub. Look again.")
        response = back()
        response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", secure=place.secure)
        return response

    async def allowed(request: Request) -> dict[str, str] | None:
        """Return the fields of a form that comes from our page, signed in; None for any other."""
        session, form = session_of(request), await _form(request)
        genuine = session is not None and form is not None and hmac.compare_digest(form.get("csrf", ""), session.csrf)
        return form if genuine else None

    def refused() -> HTMLResponse:
        return page("sign_in.html", HTTPStatus.FORBIDDEN, error="Please sign in again.")

    @app.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        if await allowed(request) is None:
            return refused()
        access.sign_out(request.cookies.get(COOKIE))
        return back()

    @app.post("/alarms/{alarm}/quiet")
    async def quiet(request: Request, alarm: UUID) -> Response:
        if await allowed(request) is None:
            return refused()
        await board.put_off(alarm)
        return back()

    @app.post("/alarms/{alarm}/seen")
    async def seen(request: Request, alarm: UUID) -> Response:
        if await allowed(request) is None:
            return refused()
        await board.seen(alarm)
        return back()

    desk = Desk(page, session_of, allowed, refused)
    app.include_router(parting_pages.routes(parting, board, access, desk))
    if adding is not None:
        app.include_router(adding_pages.routes(adding, board, place.zone, desk))
    return app


async def _form(request: Request) -> dict[str, str] | None:
    """Return the fields of a form, None where it is none, or too long."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            return None
    try:
        return {name: told[-1] for name, told in parse_qs(body.decode("ascii"), max_num_fields=10).items()}
    except ValueError:
        return None


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _view(board: Board, zone: ZoneInfo) -> dict[str, object]:
    now = board.now()
    people = [
        {
            "name": f"Person {number}" if len(board.patients) > 1 else "",
            "devices": [_device(board, shown, now, zone) for shown in board.shown.values() if shown.wearable.patient == patient],
        }
        for number, patient in enumerate(board.patients, 1)
    ]
    alarms = [_alarm(alarm, now, zone) for alarm in board.alarms]
    return {
        "people": people,
        "open_alarms": [alarm for alarm in alarms if not alarm["seen"]],
        "past_alarms": [alarm for alarm in alarms if alarm["seen"]],
        "known_pictures": words.KINDS,
    }


def _device(board: Board, shown: Shown, now: int, zone: ZoneInfo) -> dict[str, object]:
    about = board.about.get(shown.wearable.id)
    return {
        "id": str(shown.wearable.id),
        "kind": shown.wearable.kind,
        "name": words.kind_text(shown.wearable.kind),
        "model": "" if about is None else about.model,
        "readings": [{"what": what, "text": text, "when": words.ago(at, now, zone)} for what, text, at in words.values(shown.latest)],
        "heard": words.ago(shown.heard_at, now, zone),
        "silent": shown.silent(now),
        "never": shown.heard_at is None,
        "battery": shown.battery,
        "battery_low": shown.battery is not None and shown.battery <= LOW_BATTERY,
    }


def _alarm(alarm: Alarm, now: int, zone: ZoneInfo) -> dict[str, object]:
    quiet = alarm.quiet_until is not None and alarm.quiet_until > now
    return {
        "id": str(alarm.id),
        "priority": alarm.priority,
        "text": words.alarm_text(alarm.kind),
        "explanation": alarm.explanation,
        "advice": words.advice(alarm.kind, alarm.priority),
        "when": words.ago(alarm.at, now, zone),
        "quiet": quiet,
        "quiet_minutes": QUIET_MS[alarm.priority] // 60_000,
        "seen": alarm.seen_at is not None,
    }
