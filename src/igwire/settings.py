"""Settings: the only module that reads the environment. Every variable is `IGWIRE_…` unless it is another tool's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from igwire.errors import ConfigError


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
    # File that holds the key instead (`igwire security apply` writes one for each part); an empty file = the server asks for none.
    es_api_key_file: str = ""
    es_user: str = ""
    es_password: SecretStr = SecretStr("")
    es_ca_certs: str = ""
    # How often a bulk is tried, with growing pauses (about three minutes in all), before its documents wait for the next run.
    es_tries: int = Field(default=8, ge=1)
    # Port of the local node.
    es_port: int = 9200
    es_heap: str = "512m"
    # Password that the analyst of Kibana gets when `igwire security apply` makes that user.
    analyst_password: SecretStr = SecretStr("")
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
    # Requests that one host gets in a UTC day at most; the last fifth is for the daily run.
    host_requests: int = Field(default=5000, ge=1)
    # Requests of a backfill's run above which it must be confirmed (parameter `confirmed`).
    backfill_requests: int = Field(default=20_000, ge=1)
    # Web archives to ask for a past that the sources themselves do not reach, by commas: "CDX-SERVER REPLAY", such as
    # "https://web.archive.org/cdx/search/cdx https://web.archive.org/web", or "CDX-SERVER warc:FILES" where captures lie in WARC files,
    # such as "https://index.commoncrawl.org/CC-MAIN-2026-08-index warc:https://data.commoncrawl.org"; empty = none is asked.
    web_archives: Annotated[tuple[str, ...], NoDecode] = ()
    # With less free room (GB) on the state folder's disk nothing is fetched (deferred, reason `disk`).
    free_floor_gb: float = Field(default=2.0, ge=0)
    # Days for which answers of feeds and archives are kept at least (a month longer, see pipeline.prune); 0 = for ever. Pages are kept for ever.
    keep_feeds_days: int = Field(default=90, ge=0)
    # Where the weekly backup goes: a folder on another disk, or an fsspec URL; empty = no backup.
    backup_url: str = ""
    # Where sealed raw segments go: an fsspec URL such as s3://bucket/raw; empty = the state folder.
    raw_url: str = ""
    # Seconds one collect task may take; the rest is deferred.
    collect_budget_s: float = 480.0
    # Parallel requests of one collect task, each to another host.
    fetch_threads: int = 8
    # Processes of the killable parser pool.
    parser_workers: int = Field(default=2, ge=1)
    # A trained tagger beside the rules, such as "spacy:en_core_web_sm" (needs the extra `ner`); empty = rules only.
    ner: str = ""
    # File of the reviewers' decisions on tags (`igwire curation`); empty = curation.yaml in the state folder.
    curation: str = ""
    # Batches that one run is cut into, by host.
    batches: int = Field(default=4, ge=1, le=8)
    # File of alerts; empty = alerts.yaml in the state folder. Mail goes through the server of the URL, smtp://user:password@host:587.
    alerts: str = ""
    smtp_url: SecretStr = SecretStr("")
    # Search page.
    web_host: str = "127.0.0.1"
    web_port: int = 8090
    # What lets people in when the page listens beyond this machine: a token (as password of any user, or as bearer), or the name of the
    # header in which a reverse proxy passes on who has logged in.
    web_token: SecretStr = SecretStr("")
    web_user_header: str = ""
    # Who reads: "owner" sees whole texts, "public" excerpts where the licence allows no more; empty = owner on this machine, else public.
    web_viewer: Literal["", "owner", "public"] = ""
    # On what grounds texts are mined: "research" (Article 3 of Directive (EU) 2019/790, for research organisations), or "general" (Article 4):
    # where a publisher reserves mining in a machine-readable way, only metadata are kept then.
    tdm_basis: Literal["research", "general"] = "research"
    # What the index, and so Kibana, holds of a text: "full", or "excerpt" where the licence lets the public see no more.
    index_text: Literal["full", "excerpt"] = "full"
    # Log on standard error: "json" = one object a line, with run, source and item ids; empty = none (`igwire trace` shows the same).
    log: Literal["", "json"] = ""
    # Ports of the demo's newsroom and of the standing Airflow.
    newsroom_port: int = 8100
    airflow_port: int = 8080
    # Password of Airflow's user `admin`; empty = Airflow makes one up at its first start.
    airflow_password: SecretStr = SecretStr("")

    @field_validator("catalogue", "allow_loopback", "web_archives", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("web_archives")
    @classmethod
    def _pairs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if len(one.split()) != 2:
                raise ValueError(f"{one!r} is not two addresses with a space between them: a CDX server and where its captures are had")
        return value

    def variables(self) -> dict[str, str]:
        """What was set, as environment variables with absolute paths, for processes that start in another folder. Holds secrets."""
        return {_variable(name): _text(name, getattr(self, name)) for name in sorted(self.model_fields_set)}

    def shown(self) -> dict[str, str]:
        """What was set, without secrets: keys and passwords, and addresses that may hold one."""
        fields = self.variables()
        hidden = {_variable(name) for name, value in self if isinstance(value, SecretStr)}
        return {name: value for name, value in fields.items() if name not in hidden and "@" not in value.partition("://")[2]}

    @property
    def es_key(self) -> str:
        """The API key for Elasticsearch, from IGWIRE_ES_API_KEY or the file; empty = none. Raises ConfigError when the file cannot be read."""
        if self.es_api_key.get_secret_value() or not self.es_api_key_file:
            return self.es_api_key.get_secret_value()
        try:
            return Path(self.es_api_key_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f"IGWIRE_ES_API_KEY_FILE cannot be read: {error}. `igwire security apply` writes the keys.") from error

    @property
    def ledger(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.ledger_url or f"sqlite:///{self.state.absolute() / 'ledger.db'}"


# Settings that are paths, though some are kept as text because empty means none.
_PATHS = {"state", "curation", "home", "es_home", "kibana_home", "es_ca_certs", "es_api_key_file", "java_home", "catalogue"}


def _variable(name: str) -> str:
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"IGWIRE_{name.upper()}"


def _text(name: str, value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    parts = [str(part) for part in value] if isinstance(value, tuple) else [str(value)]
    return ",".join(str(Path(part).absolute()) if name in _PATHS and part else part for part in parts)


def inherited(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with `variables` added: for the processes that it starts."""
    return {**os.environ, **variables}


@lru_cache(maxsize=1)
def get() -> Settings:
    """The settings of this process, read once. Raises ConfigError that names each variable that cannot be read."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [f"{_named(fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise ConfigError(f"settings cannot be read (environment or .env): {'; '.join(faults)}") from None


def _named(place: tuple[int | str, ...]) -> str:
    name = str(place[0]) if place else "?"
    return _variable(name) if name in Settings.model_fields else name
