"""The door of devices: an administrator adopts gateways, parts with them, and gives wearables to patients."""

import re
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, status
from pydantic import BaseModel, Field

from cloud.access.administrators import administrator
from cloud.database import Connection
from cloud.devices import repository
from cloud.errors import Absent, Unacceptable
from cloud.idempotency import Once
from cloud.request import Caller, CurrentCaller, OrganisationTransaction, Problem
from provisioning.claims import WrongCode, gateway_of, read_adoption, secret_sha256

_ADDRESS = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")
_ON_NETWORK = re.compile(r"coap://(?:\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")
_WHY_NOT = {
    "made": "this device has not enrolled yet: connect it first",
    "expired": "this device's claim expired before it enrolled: ask the factory for a new one",
    "quarantined": "this device is locked out: its claim was used twice; a person has to look at it",
}


routes = APIRouter(
    prefix="/api",
    tags=["devices"],
    dependencies=[Depends(administrator)],
    responses={404: {"model": Problem, "description": "no such device, or not yours"}},
)


class Adoption(BaseModel):
    """What an administrator reads from a gateway's label. code: the adoption code. name: what people call the place where it stands."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=100)]


class Gateway(BaseModel):
    """A gateway of the organisation."""

    id: UUID
    name: str


class NewWearable(BaseModel):
    """A wearable for a patient. address: as on its label, "C0:11:22:33:00:01", or of a sensor on the home's network, "coap://[fd00::7]"."""

    gateway: UUID
    patient: UUID
    kind: Literal[
        "heart_rate_belt",
        "pulse_oximeter",
        "thermometer",
        "ecg_patch",
        "blood_pressure_cuff",
        "weight_scale",
        "glucose_meter",
        "glucose_sensor",
    ]
    address: Annotated[str, Field(min_length=8, max_length=120)]


class AdoptedWearable(BaseModel):
    """A wearable of the organisation."""

    id: UUID
    gateway: UUID
    patient: UUID
    kind: str
    address: str


@routes.post("/gateways/adopt")
async def adopt_gateway(adoption: Adoption, connection: OrganisationTransaction) -> Gateway:
    """Give an enrolled gateway to the caller's organisation. A claim's own code is refused here: it enrols, and nothing else."""
    try:
        code = read_adoption(adoption.code)
    except WrongCode as wrong:
        raise Unacceptable(str(wrong)) from wrong
    became = await repository.adopt_enrolled(connection, code.number, secret_sha256(code.proof), adoption.name)
    if became in {"unknown", "elsewhere"}:
        raise Absent("no device has this code")
    if became in _WHY_NOT:
        raise Unacceptable(_WHY_NOT[became])
    return Gateway(id=gateway_of(code.number), name=adoption.name)


@routes.post("/gateways/{gateway}/release", status_code=status.HTTP_204_NO_CONTENT)
async def release_gateway(gateway: UUID, connection: OrganisationTransaction) -> None:
    """Part with a gateway that is reset: its certificates end, what it sent stays. Its next owner enrols it anew with a new claim."""
    if not await repository.release(connection, gateway):
        raise Absent("no such gateway")


@routes.post("/wearables")
async def adopt_wearable(new: NewWearable, caller: CurrentCaller, connection: OrganisationTransaction, once: Once) -> AdoptedWearable:
    """Give a wearable to a patient of the organisation, heard by a gateway of the organisation. With an Idempotency-Key: once."""

    async def adopt() -> str:
        return (await _adopt(new, caller, connection)).model_dump_json()

    return AdoptedWearable.model_validate_json(await once.do(adopt))


async def _adopt(new: NewWearable, caller: Caller, connection: Connection) -> AdoptedWearable:
    address = new.address if _ON_NETWORK.fullmatch(new.address) else new.address.upper()
    if not _ADDRESS.fullmatch(address) and not _ON_NETWORK.fullmatch(address):
        raise Unacceptable("an address has six pairs of hexadecimal digits with colons between, or is coap://HOST[:PORT]")
    if not await repository.has(connection, new.gateway, new.patient):
        raise Absent("no such gateway or patient")
    wearable = repository.Wearable(uuid4(), new.gateway, new.patient, new.kind, address)
    await repository.adopt_wearable(connection, caller.organisation, wearable)
    return AdoptedWearable(id=wearable.id, gateway=new.gateway, patient=new.patient, kind=new.kind, address=address)
