"""The hub's page on which a device is added: what is nearby, the number on its display, and its first reading."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from edge.gateway.adding import PASSKEY_DIGITS, Adding
from edge.gateway.board import Board
from edge.gateway.hub import words
from edge.gateway.hub.access import Session

HERE = "/add"
_ASKING = ("passkey", "compare")


@dataclass(frozen=True, slots=True)
class Desk:
    """What all pages share. page: render a template. session_of: who is signed in. allowed: the fields of our own form. refused: the answer else."""

    page: Callable[..., HTMLResponse]
    session_of: Callable[[Request], Session | None]
    allowed: Callable[[Request], Awaitable[dict[str, str] | None]]
    refused: Callable[[], HTMLResponse]


def routes(adding: Adding, board: Board, zone: ZoneInfo, desk: Desk) -> APIRouter:
    """Return them."""
    router = APIRouter()

    def shown(session: Session, name: str) -> HTMLResponse:
        return desk.page(name, csrf=session.csrf, adding=_view(adding, board, zone))

    def back(where: str = HERE) -> RedirectResponse:
        return RedirectResponse(where, HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})

    @router.get(HERE)
    async def add(request: Request) -> Response:
        session = desk.session_of(request)
        return back("/") if session is None else shown(session, "add.html")

    @router.get(f"{HERE}/now")
    async def now(request: Request) -> Response:
        """The part of the page that changes."""
        session = desk.session_of(request)
        return Response(status_code=HTTPStatus.FORBIDDEN) if session is None else shown(session, "add_now.html")

    def answers(path: str, deed: Callable[[dict[str, str]], Awaitable[None]], then: str = HERE) -> None:
        """Do a deed with each form of our own that is sent to a path, and go on to a page."""

        @router.post(path)
        async def answered(request: Request) -> Response:
            form = await desk.allowed(request)
            if form is None:
                return desk.refused()
            await deed(form)
            return back(then)

    async def open_window(_form: dict[str, str]) -> None:
        await adding.open()

    async def close_window(_form: dict[str, str]) -> None:
        await adding.close()

    async def choose(form: dict[str, str]) -> None:
        patients = adding.patients
        person = form.get("person", "0" if len(patients) == 1 else "")
        if person.isdecimal() and int(person) < len(patients):
            adding.choose(form.get("address", ""), patients[int(person)])

    async def passkey(form: dict[str, str]) -> None:
        typed = "".join(form.get("passkey", "").split())
        if len(typed) == PASSKEY_DIGITS and typed.isascii() and typed.isdecimal():
            adding.answer(int(typed))

    async def same(form: dict[str, str]) -> None:
        adding.answer(form.get("same") == "yes")

    answers(HERE, open_window)
    answers(f"{HERE}/close", close_window, "/")
    answers(f"{HERE}/choose", choose)
    answers(f"{HERE}/passkey", passkey)
    answers(f"{HERE}/same", same)
    return router


def _view(adding: Adding, board: Board, zone: ZoneInfo) -> dict[str, object]:
    chosen = adding.chosen
    added: UUID | None = adding.added
    latest = board.shown[added].latest if added is not None and added in board.shown else {}
    return {
        "phase": adding.phase,
        "asking": adding.phase in _ASKING,
        "people": [f"Person {number}" for number in range(1, len(adding.patients) + 1)],
        "nearby": [
            {
                "address": one.address,
                "kind": one.kind,
                "name": words.kind_text(one.kind),
                "label": one.name,
                "close": words.closeness(one.signal),
                "ours": ours,
            }
            for one, ours in adding.nearby()
        ],
        "device": "" if chosen is None else words.kind_text(chosen.kind),
        "kind": "" if chosen is None else chosen.kind,
        "number": None if adding.number is None else f"{adding.number:06}",
        "why": None if adding.why is None else words.WHY_NOT_PAIRED[adding.why],
        "readings": [{"what": what, "text": text, "when": words.ago(at, board.now(), zone)} for what, text, at in words.values(latest)],
        "known_pictures": words.KINDS,
    }
