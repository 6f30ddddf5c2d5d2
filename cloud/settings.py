"""Settings of the cloud's processes, read from the environment by whoever assembles one."""

from datetime import timedelta
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from protocol.errors import Malformed
from protocol.pace import Pace, parse_pace

Settings = TypeVar("Settings", bound=BaseSettings)

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class WrongSetting(Exception):
    """A setting is missing or cannot be: the message names each by its environment variable, and never says its value."""


def read(kind: type[Settings]) -> Settings:
    """Read settings from the environment.

    Raises:
        WrongSetting: one is missing or cannot be.
    """
    try:
        return kind.model_validate({})
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        lines: list[str] = []
        for found in error.errors(include_input=False, include_url=False):
            name = ".".join(str(part) for part in found["loc"])
            lines.append(f"{name if name.isupper() or not name else prefix + name.upper()}: {found['msg']}")
        raise WrongSetting("\n".join(lines)) from None


class PacedSettings(BaseSettings):
    """Settings of a process whose time may run faster, in a demonstration and nowhere else."""

    model_config = SettingsConfigDict(env_prefix="CLOUD_", frozen=True, extra="forbid")

    pace: str = Field(default="", validation_alias="MEDIASSIST_PACE")
    demo: bool = Field(default=False, validation_alias="MEDIASSIST_DEMO")

    @model_validator(mode="after")
    def _scaled_time_only_in_a_demonstration(self) -> Self:
        try:
            self.pace_of_time()
        except Malformed as error:
            raise ValueError(str(error)) from error
        return self

    def pace_of_time(self) -> Pace:
        """Return how fast this process's time runs."""
        return parse_pace(self.pace, demonstration=self.demo)


class CloudSettings(PacedSettings):
    """The web application's settings.

    origin: where browsers find us, "https://monitor.clinic.example"; default: http at host and port. Loopback names are equal.
    keys: folder with the key-encryption key (kek.key), and nothing else that the application needs.
    requests_a_minute: of one session, before it is told to slow down.
    session_idle, session_longest: a session ends after the one without a request, after the other in any case.
    """

    database_url: str = Field(min_length=1)
    keys: Path
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    origin: str = ""
    dashboard: Path = Path(__file__).parent / "dashboard" / "dist"
    requests_a_minute: int = Field(default=1200, ge=10)
    session_idle: timedelta = timedelta(minutes=30)
    session_longest: timedelta = timedelta(hours=12)

    def origins(self) -> frozenset[str]:
        """Return the origins whose pages may act in a user's name."""
        if self.origin:
            return frozenset({self.origin.rstrip("/")})
        hosts = LOOPBACK if self.host in {*LOOPBACK, "::1"} else (self.host,)
        return frozenset(f"http://{host}:{self.port}" for host in hosts)


class WatchSettings(PacedSettings):
    """The settings of the process that watches over what is stored.

    database_url: libpq address of the role mediassist_watch. metrics_port: 0 = none. smtp_*: the server that takes e-mail to people on call;
    no host = nobody is told by e-mail. dashboard_url: where they sign in. operator: the address of whoever runs the cloud, who is told of a process that falls silent.
    keep_readings_days, keep_minutes_days, keep_waveforms_days: after how many days readings, their roll-up by minute, and waveforms are
    dropped, in whole months; unset = never. Roll-ups by hour and day, and coverage, stay.
    """

    database_url: str = Field(min_length=1)
    metrics_port: int = Field(default=0, ge=0, le=65535)
    keep_readings_days: int | None = Field(default=None, ge=7)
    keep_minutes_days: int | None = Field(default=None, ge=32)
    keep_waveforms_days: int | None = Field(default=None, ge=7)
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["tls", "starttls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_sender: str = ""
    dashboard_url: str = ""
    operator: str = ""

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if self.smtp_host and ("@" not in self.smtp_sender or not self.dashboard_url.startswith(("http://", "https://"))):
            raise ValueError("CLOUD_SMTP_HOST needs CLOUD_SMTP_SENDER (an address) and CLOUD_DASHBOARD_URL (https://...)")
        if self.smtp_host and self.smtp_security == "none" and self.smtp_host not in LOOPBACK:
            raise ValueError("CLOUD_SMTP_SECURITY=none is for a relay on this machine alone")
        return self


class OwnerSettings(BaseSettings):
    """How the commands that change tables, or plant organisations, reach the database: as superuser or as mediassist_owner."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    database_url: SecretStr = Field(validation_alias="MEDIASSIST_DATABASE_URL")
    app_password: SecretStr | None = Field(default=None, validation_alias="CLOUD_APP_PASSWORD")
    ingest_password: SecretStr | None = Field(default=None, validation_alias="CLOUD_INGEST_PASSWORD")
    enrolment_password: SecretStr | None = Field(default=None, validation_alias="CLOUD_ENROLMENT_PASSWORD")
    watch_password: SecretStr | None = Field(default=None, validation_alias="CLOUD_WATCH_PASSWORD")

    def passwords(self) -> dict[str, str | None]:
        """Return the roles' passwords, None where none was given."""
        given = {
            "app": self.app_password,
            "ingest": self.ingest_password,
            "enrolment": self.enrolment_password,
            "watch": self.watch_password,
        }
        return {role: secret.get_secret_value() if secret else None for role, secret in given.items()}


class KeySettings(BaseSettings):
    """Where a command finds the key-encryption key. keys: folder with kek.key."""

    model_config = SettingsConfigDict(env_prefix="CLOUD_", frozen=True, extra="forbid")

    keys: Path
