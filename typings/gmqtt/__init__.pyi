"""What we call of gmqtt 0.8, and what cloud/ingest/bulk_client.py replaces of it."""

import ssl
from collections.abc import Callable
from typing import Any

class Client:
    on_connect: Callable[[Any, int, int, dict[str, object]], None]
    on_disconnect: Callable[..., None]
    _package_handler: Any
    _connection: Any
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
    async def disconnect(self, reason_code: int = ..., *, session_expiry_interval: int = ...) -> None: ...
    def subscribe(self, subscription_or_topic: str, qos: int = ...) -> None: ...
    def unsubscribe(self, topic: str) -> None: ...
