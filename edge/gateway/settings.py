"""Settings of the gateway, read by its assembly alone: from the environment, and from the file that GATEWAY_SETTINGS names.

The file has a line for each, GATEWAY_BROKER_HOST=broker.example; what the environment says goes before it.
"""

import difflib
import os
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from protocol.errors import Malformed
from protocol.pace import Pace, parse_pace

_FILE = "GATEWAY_SETTINGS"


class WrongSetting(Exception):
    """The gateway cannot start with these settings; the message has a line for each."""


class GatewaySettings(BaseSettings):
    """The gateway's settings.

    state: folder with identity/ (key.pem, cert.pem, ca.pem), ingest/public.bin, household.json and gateway.sqlite.
    fold_seconds: how often readings are folded into a message. capacity_mib: room for messages on the disk.
    zone: the home's time zone, "Europe/Berlin": what watches of cuffs and meters are set to.
    hub_port: where the page of the home is; 0: nowhere. hub_address: beyond this machine only with hub_certificate and hub_key (PEM).
    hub_names: other names it is asked by, separated by commas. alarm_command: makes an alarm heard; it finds ALARM_PRIORITY in its environment.
    enrolment_url: where the certificate is renewed, "https://enrol.example:8443"; without it somebody else renews it.
    """

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True, extra="forbid")

    state: Path
    broker_host: str = "localhost"
    broker_port: int = Field(default=8883, ge=1, le=65535)
    fold_seconds: float = Field(default=10.0, ge=0.1, le=600)
    capacity_mib: int = Field(default=4096, ge=16)
    metrics_port: int = Field(default=0, ge=0, le=65535)
    enrolment_url: str = ""
    zone: str = "UTC"
    hub_port: int = Field(default=0, ge=0, le=65535)
    hub_address: str = "127.0.0.1"
    hub_names: str = ""
    hub_certificate: Path | None = None
    hub_key: Path | None = None
    alarm_command: str = ""
    pace: str = Field(default="", validation_alias="MEDIASSIST_PACE")
    demo: bool = Field(default=False, validation_alias="MEDIASSIST_DEMO")

    @model_validator(mode="after")
    def _scaled_time_only_in_a_demonstration(self) -> Self:
        try:
            self.pace_of_time()
        except Malformed as error:
            raise ValueError(str(error)) from error
        return self

    @model_validator(mode="after")
    def _seen_beyond_this_machine_only_by_tls(self) -> Self:
        if (self.hub_certificate is None) != (self.hub_key is None):
            raise ValueError("GATEWAY_HUB_CERTIFICATE and GATEWAY_HUB_KEY go together")
        if self.hub_port and self.hub_certificate is None and self.hub_address not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError(
                f"the hub's page at {self.hub_address} needs GATEWAY_HUB_CERTIFICATE and GATEWAY_HUB_KEY: the code would go in the clear"
            )
        return self

    @field_validator("alarm_command")
    @classmethod
    def _splits(cls, value: str) -> str:
        shlex.split(value)
        return value

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f'there is no time zone "{value}": give one as "Europe/Berlin"') from error
        return value

    def pace_of_time(self) -> Pace:
        """Return how fast this process's time runs."""
        return parse_pace(self.pace, demonstration=self.demo)


_make: Callable[..., GatewaySettings] = GatewaySettings


def read_settings() -> GatewaySettings:
    """Read the settings from the environment, and from the file that it names.

    Raises:
        WrongSetting: one is missing, cannot be, or is none.
    """
    file = os.environ.get(_FILE)
    if file is not None and not os.access(file, os.R_OK):
        raise WrongSetting(f"{_FILE}: {file} cannot be read")
    unknown = _unknown([*os.environ, *({} if file is None else dotenv_values(file))])
    if unknown:
        raise WrongSetting("\n".join(unknown))
    try:
        return _make(_env_file=file)
    except ValidationError as error:
        found = [(str(each["loc"][0]) if each["loc"] else "settings", each["msg"]) for each in error.errors(include_input=False)]
        names = [name if name.isupper() else f"GATEWAY_{name.upper()}" for name, _ in found]
        raise WrongSetting("\n".join(f"{name}: {told}" for name, (_, told) in zip(names, found, strict=True))) from None


def _unknown(names: Iterable[str]) -> list[str]:
    """Say of each name that looks like a setting and is none what may have been meant."""
    known = [field.validation_alias or f"GATEWAY_{name.upper()}" for name, field in GatewaySettings.model_fields.items()]
    known = [str(name) for name in known] + [_FILE]
    wrong = sorted(name for name in names if name.upper().startswith("GATEWAY_") and name.upper() not in known)
    meant = [difflib.get_close_matches(name.upper(), known, 1) for name in wrong]
    return [f"{name}: there is no such setting" + (f"; {near[0]}?" if near else "") for name, near in zip(wrong, meant, strict=True)]
