"""Settings of the ingest worker, read from the environment by its assembly alone."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from protocol.pace import REAL, Pace, parse_pace


class WorkerSettings(BaseSettings):
    """The ingest worker's settings.

    database_url: libpq address of the role mediassist_ingest. identity: folder with key.pem, cert.pem, ca.pem; the certificate's name is
    the worker's, and stays the same over restarts. keys: folder with the ingest key and the key-encryption key. group: of
    the workers' shared subscription; a secret, the same for all of them, for a broker that lets anyone join. metrics_port: 0 = none.
    """

    model_config = SettingsConfigDict(env_prefix="CLOUD_", frozen=True, extra="forbid")

    database_url: str = Field(min_length=1)
    broker_host: str = "localhost"
    broker_port: int = Field(default=8883, ge=1, le=65535)
    identity: Path
    keys: Path
    group: str = Field(default="ingest", pattern=r"^[A-Za-z0-9_-]+$")
    metrics_port: int = Field(default=0, ge=0, le=65535)
    pace: str = Field(default="", validation_alias="MEDIASSIST_PACE")
    demo: bool = Field(default=False, validation_alias="MEDIASSIST_DEMO")

    @model_validator(mode="after")
    def _scaled_time_only_in_a_demonstration(self) -> Self:
        if self.pace_of_time().speed != 1 and not self.demo:
            raise ValueError("MEDIASSIST_PACE has a speed other than 1, which only a demonstration may (MEDIASSIST_DEMO=1)")
        return self

    def pace_of_time(self) -> Pace:
        """Return how fast this process's time runs."""
        return parse_pace(self.pace) if self.pace else REAL
