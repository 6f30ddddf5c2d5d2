"""The hub's pages on which a home parts with a device, and with the hub itself; each asks before it does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from edge.gateway.board import Board
from edge.gateway.hub import words
from edge.gateway.hub.access import Access, TooOften
from edge.gateway.hub.adding_pages import Desk

RESET = "/reset"


@dataclass(frozen=True, slots=True)
class Parting:
    """part: with a wearable, LookupError where it does not belong here. reset: begin a factory reset, once this was answered; None: not at this hub."""

    part: Callable[[UUID], Awaitable[None]]
    reset: Callable[[], None] | None = None


def routes(parting: Parting, board: Board, access: Access, desk: Desk) -> APIRouter:
    """Return them."""
    router = APIRouter()

    def home() -> RedirectResponse:
        return RedirectResponse("/", HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})

    @router.get("/devices/{device}/remove")
    async def ask_to_remove(request: Request, device: UUID) -> Response:
        session, shown = desk.session_of(request), board.shown.get(device)
        if session is None or shown is None:
            return home()
        name, kind = words.kind_text(shown.wearable.kind), shown.wearable.kind
        return desk.page("remove.html", csrf=session.csrf, device=device, device_name=name, kind=kind if kind in words.KINDS else "device")

    @router.post("/devices/{device}/remove")
    async def remove(request: Request, device: UUID) -> Response:
        if await desk.allowed(request) is None:
            return desk.refused()
        if device in board.shown:
            await parting.part(device)
        return home()

    if parting.reset is not None:
        _add_reset(router, parting.reset, board, access, desk)
    return router


def _add_reset(router: APIRouter, begin: Callable[[], None], board: Board, access: Access, desk: Desk) -> None:
    @router.get(RESET)
    async def ask_to_reset(request: Request) -> Response:
        session = desk.session_of(request)
        if session is None:
            return RedirectResponse("/", HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
        return desk.page("reset.html", csrf=session.csrf, waiting=await board.waiting(), connected=board.connected(), error="")

    @router.post(RESET)
    async def reset(request: Request) -> Response:
        """Begin, for whoever types the code once more: somebody else may have left the page open."""
        form, session = await desk.allowed(request), desk.session_of(request)
        if form is None or session is None:
            return desk.refused()
        try:
            right, error = access.is_code(form.get("code", "")), "That is not the code on the label of your hub. Nothing was removed."
        except TooOften as too:
            right, error = False, f"{str(too).capitalize()}. Nothing was removed."
        if not right:
            what = {"csrf": session.csrf, "waiting": await board.waiting(), "connected": board.connected(), "error": error}
            return desk.page("reset.html", HTTPStatus.FORBIDDEN, **what)
        begin()
        return desk.page("reset_begun.html")
