"""Settings: the only module that reads the environment. Every variable is `IGWIRE_…` unless it is another tool's own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _home() -> Path:
    """The project's folder: the one above this file that holds `local-elasticsearch`; the working folder when installed elsewhere."""
    return next((folder for folder in Path(__file__).resolve().parents if (folder / "local-elasticsearch").is_dir()), Path.cwd())


class Settings(BaseSettings):
    """All settings with their defaults; `.env` in the working folder is read, the environment wins."""

    model_config = SettingsConfigDict(env_prefix="IGWIRE_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    # Folder of everything igwire writes: ledger, raw store, local services, logs.
    state: Path = Path(".igwire")
    # The project's folder, where `local-elasticsearch` and `docker-compose.yml` are.
    home: Path = Field(default_factory=_home)
    # SQLAlchemy URL of the ledger; empty = SQLite in the state folder. Never Airflow's own database.
    ledger_url: str = ""
    # Elasticsearch to use as it is; empty = the engine ladder decides (see runtime.ladder).
    es_url: str = ""
    es_api_key: SecretStr = SecretStr("")
    es_user: str = ""
    es_password: SecretStr = SecretStr("")
    es_ca_certs: str = ""
    # How often a bulk is tried, with growing pauses (about three minutes in all), before its documents wait for the next run.
    es_tries: int = Field(default=8, ge=1)
    # Port of the local node.
    es_port: int = 9200
    es_heap: str = "512m"
    kibana_url: str = ""
    kibana_ca_certs: str = ""
    kibana_port: int = 5601
    # Unpacked official archives to start instead of the local node.
    es_home: str = Field(default="", validation_alias="ES_HOME")
    kibana_home: str = Field(default="", validation_alias="KIBANA_HOME")
    # "compose" = containers, "local" = no containers; empty = containers when an engine answers.
    engine: Literal["", "compose", "local"] = Field(default="", validation_alias="ENGINE")
    java_home: str = Field(default="", validation_alias="JAVA_HOME")
    # Name in front of every index and alias.
    index_prefix: str = "igwire"
    # Catalogue files or folders; empty = the reviewed catalogue of the package.
    catalogue: Annotated[tuple[str, ...], NoDecode] = ()
    # Mail address or page that tells publishers whose robot this is; real hosts are refused without it.
    contact: str = ""
    # Addresses ("127.0.0.11:8100") or networks ("127.0.0.0/24") that the guard lets through: demo and tests only.
    allow_loopback: Annotated[tuple[str, ...], NoDecode] = ()
    # Seconds between the starts of two requests to one host.
    gap_s: float = 5.0
    # Seconds one collect task may take; the rest is deferred.
    collect_budget_s: float = 480.0
    # Parallel requests of one collect task, each to another host.
    fetch_threads: int = 8
    # Processes of the killable parser pool.
    parser_workers: int = Field(default=2, ge=1)
    # Batches that one run is cut into, by host.
    batches: int = Field(default=4, ge=1, le=8)
    # Search page.
    web_host: str = "127.0.0.1"
    web_port: int = 8090
    # Ports of the demo's newsroom and of the standing Airflow.
    newsroom_port: int = 8100
    airflow_port: int = 8080

    @field_validator("catalogue", "allow_loopback", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def ledger(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.ledger_url or f"sqlite:///{self.state.absolute() / 'ledger.db'}"


@lru_cache(maxsize=1)
def get() -> Settings:
    """The settings of this process, read once."""
    return Settings()
