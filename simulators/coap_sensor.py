"""A sensor on Thread or Wi-Fi: a real CoAP server (RFC 7252) that says what it measured under OSCORE (RFC 8613) alone.

What it serves is described in docs/guides/coap-sensors.md: `state` may be observed (RFC 7641), `records` comes block by block (RFC 7959), and
`kept` is told what it may forget. It remembers by itself until then.
"""

from collections.abc import Callable
from pathlib import Path

import aiocoap
import cbor2
from aiocoap import oscore, resource
from aiocoap.credentials import CredentialsMap
from aiocoap.oscore_sitewrapper import OscoreSiteWrapper
from aiocoap.transports.oscore import OSCOREAddress

from simulators import wire
from simulators.record_memory import RecordMemory
from simulators.sensors import Measured

MOST_AT_ONCE = 500
_CBOR = 60


class _Keys(oscore.FilesystemSecurityContext):
    """A context that can be closed: what was counted is written."""

    def close(self) -> None:
        if self.lockfile is not None:
            self._destroy()


class CoapSensor:
    """One sensor. session: 1..2^31-1. context: folder of its OSCORE context, as aiocoap reads it. clock: ms since the session began, now."""

    def __init__(self, session: int, context: Path, clock: Callable[[], int], model: str = "Simulated sensor") -> None:
        self.session, self.memory, self.battery, self.model = session, RecordMemory(), 100, model
        self.refused = 0
        self._clock, self._path = clock, context
        self._context: aiocoap.Context | None = None
        self._keys: _Keys | None = None
        self._state = _State(self)

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        site = resource.Site()
        site.add_resource([".well-known", "core"], resource.WKCResource(site.get_resources_as_linkheader))
        site.add_resource(["state"], self._state)
        for name, served in (("records", _Records(self)), ("kept", _Kept(self)), ("about", _About(self))):
            site.add_resource([name], served)
        credentials, self._keys = CredentialsMap(), _Keys(f"{self._path}/")
        self._keys.authenticated_claims = [":gateway"]
        credentials[":gateway"] = self._keys
        self._context = await aiocoap.Context.create_server_context(OscoreSiteWrapper(site, credentials), bind=(host, port))

    async def stop(self) -> None:
        """Fall silent; what was remembered is gone with the session, what was agreed on keys is not."""
        if self._context is not None:
            context, self._context = self._context, None
            await context.shutdown()
        if self._keys is not None:
            self._keys.close()
            self._keys = None

    def measure(self, characteristic: int, value: bytes) -> None:
        """Take a measurement that is complete now."""
        self.memory.remember(self._clock(), Measured(characteristic, value))
        self._state.updated_state()

    def state(self) -> bytes:
        """Return what `state` says."""
        return wire.session(self.session, self.memory.oldest, self.memory.next, self._clock())

    def records(self, since: int) -> bytes:
        """Return what `records` says from a sequence number on."""
        chosen = range(max(since, self.memory.oldest), min(self.memory.next, max(since, self.memory.oldest) + MOST_AT_ONCE))
        remembered = [self.memory.recall(sequence) for sequence in chosen]
        return cbor2.dumps([wire.record(r.sequence, r.ticks_ms, r.measured.characteristic, r.measured.value) for r in remembered])


def _protected(request: aiocoap.Message, sensor: CoapSensor) -> None:
    """Answer to nobody who does not have the keys."""
    if not isinstance(request.remote, OSCOREAddress):
        sensor.refused += 1
        raise aiocoap.error.Unauthorized


class _State(resource.ObservableResource):
    rt = "mediassist.state"

    def __init__(self, sensor: CoapSensor) -> None:
        super().__init__()
        self._sensor = sensor

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        _protected(request, self._sensor)
        return aiocoap.Message(payload=self._sensor.state())

    async def add_observation(self, request: aiocoap.Message, serverobservation: object) -> None:
        _protected(request, self._sensor)
        await super().add_observation(request, serverobservation)


class _Records(resource.Resource):
    rt = "mediassist.records"

    def __init__(self, sensor: CoapSensor) -> None:
        super().__init__()
        self._sensor = sensor

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        _protected(request, self._sensor)
        since = next((part.removeprefix("from=") for part in request.opt.uri_query if part.startswith("from=")), "0")
        if not since.isdecimal():
            raise aiocoap.error.BadRequest
        return aiocoap.Message(payload=self._sensor.records(int(since)), content_format=_CBOR)


class _Kept(resource.Resource):
    rt = "mediassist.kept"

    def __init__(self, sensor: CoapSensor) -> None:
        super().__init__()
        self._sensor = sensor

    async def render_post(self, request: aiocoap.Message) -> aiocoap.Message:
        _protected(request, self._sensor)
        kept = wire.parse_kept(request.payload)
        if kept is None:
            raise aiocoap.error.BadRequest
        session, sequence = kept
        if session != self._sensor.session:
            return aiocoap.Message(code=aiocoap.CONFLICT)
        self._sensor.memory.forget(sequence)
        return aiocoap.Message(code=aiocoap.CHANGED)


class _About(resource.Resource):
    rt = "mediassist.about"

    def __init__(self, sensor: CoapSensor) -> None:
        super().__init__()
        self._sensor = sensor

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        _protected(request, self._sensor)
        about = {"manufacturer": "MediAssist simulators", "model": self._sensor.model, "battery": self._sensor.battery}
        return aiocoap.Message(payload=cbor2.dumps(about), content_format=_CBOR)
