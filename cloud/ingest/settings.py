"""Settings of the ingest worker, read from the environment by its assembly alone."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from cloud.settings import PacedSettings


class WorkerSettings(PacedSettings):
    """The ingest worker's settings.

    database_url: libpq address of the role mediassist_ingest. identity: folder with key.pem, cert.pem, ca.pem; the certificate's name is
    the worker's, and stays the same over restarts. keys: folder with the ingest key and the key-encryption key. group: of
    the workers' shared subscription; a secret, the same for all of them, for a broker that lets anyone join. metrics_port: 0 = none.
    """

    database_url: str = Field(min_length=1)
    broker_host: str = "localhost"
    broker_port: int = Field(default=8883, ge=1, le=65535)
    identity: Path
    keys: Path
    group: str = Field(default="ingest", pattern=r"^[A-Za-z0-9_-]+$")
    metrics_port: int = Field(default=0, ge=0, le=65535)


class IngestKeySettings(BaseSettings):
    """Where the commands for ingest keys find the worker's folder of keys and its database."""

    model_config = SettingsConfigDict(env_prefix="CLOUD_", frozen=True, extra="forbid")

    database_url: SecretStr
    keys: Path
