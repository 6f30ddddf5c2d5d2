"""What we call of gmqtt 0.8."""

import ssl
from collections.abc import Awaitable, Callable

class Client:
    on_connect: Callable[[Client, int, int, dict[str, object]], None]
    on_disconnect: Callable[..., None]
    on_message: Callable[[Client, str, bytes, int, dict[str, object]], Awaitable[int | None]]
    def __init__(
        self,
        client_id: str,
        clean_session: bool = ...,
        optimistic_acknowledgement: bool = ...,
        *,
        session_expiry_interval: int = ...,
        receive_maximum: int = ...,
    ) -> None: ...
    @property
    def is_connected(self) -> bool: ...
    def set_config(self, config: dict[str, int]) -> None: ...
    async def connect(self, host: str, port: int = ..., ssl: ssl.SSLContext | bool = ..., keepalive: int = ...) -> None: ...
    async def disconnect(self) -> None: ...
    def subscribe(self, subscription_or_topic: str, qos: int = ...) -> None: ...
    def publish(self, message_or_topic: str, payload: bytes, qos: int = ...) -> None: ...
