"""The part of aiocoap that is used here."""

import asyncio
from collections.abc import AsyncIterator

from aiocoap import error as error
from aiocoap import interfaces as interfaces
from aiocoap.credentials import CredentialsMap

class Code:
    def is_successful(self) -> bool: ...

GET: Code
POST: Code
CHANGED: Code
CONFLICT: Code

class Options:
    @property
    def uri_query(self) -> tuple[str, ...]: ...

class Message:
    code: Code
    payload: bytes
    remote: object
    opt: Options
    def __init__(
        self,
        *,
        code: Code | None = ...,
        uri: str = ...,
        payload: bytes = ...,
        observe: int | None = ...,
        content_format: int = ...,
    ) -> None: ...

class Observation(AsyncIterator[Message]):
    cancelled: bool
    def __aiter__(self) -> AsyncIterator[Message]: ...
    async def __anext__(self) -> Message: ...
    def cancel(self) -> None: ...

class Request:
    response: asyncio.Future[Message]
    observation: Observation | None

class Context:
    client_credentials: CredentialsMap
    @classmethod
    async def create_client_context(cls) -> Context: ...
    @classmethod
    async def create_server_context(cls, site: interfaces.Resource, bind: tuple[str, int] | None = ...) -> Context: ...
    def request(self, request_message: Message) -> Request: ...
    async def shutdown(self) -> None: ...
