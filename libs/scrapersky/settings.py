"""Every setting, read from the environment (and a ``.env`` file beside the process), checked once at start-up.

``docs/configuration.md`` is generated from this file. Durations are in seconds unless the name says otherwise.
"""

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from scrapersky.errors import ConfigurationError

SETTINGS_PREFIX = {
    "domain-scheduler": "domain_scheduler",
    "domain-sitemap-submission": "domain_sitemap_scheduler",
    "sitemap-scheduler": "sitemap_scheduler",
    "sitemap-import": "sitemap_import_scheduler",
    "local-business-enrichment": "local_business_scheduler",
}
"""The seed's names of the settings ``…_INTERVAL_MINUTES``, ``…_BATCH_SIZE`` and ``…_MAX_INSTANCES``."""

Network = IPv4Network | IPv6Network
Minutes = Annotated[int, Field(ge=1, le=1440)]
BatchSize = Annotated[int, Field(ge=1, le=10_000)]
Instances = Annotated[int, Field(ge=1, le=100)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Bytes = Annotated[int, Field(ge=1024)]


class Settings(BaseSettings):
    """All settings. Build it in ``main`` with `load`, never at import."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", use_attribute_docstrings=True, env_ignore_empty=True, frozen=True
    )

    database_url: SecretStr
    """PostgreSQL to work on: `postgresql://user:password@host:port/name`. The spellings `postgres://`,
    `postgresql+asyncpg://` and `postgresql+psycopg://` are understood; percent-encode special characters."""
    database_connect_timeout: Seconds = 10
    """How long one attempt to connect to the database may take."""
    default_tenant_id: UUID = UUID("550e8400-e29b-41d4-a716-446655440000")
    """Tenant of rows that the command line adds. Carried, never filtered by."""

    environment: Literal["development", "production"] = "development"
    """Where this runs; shown in logs and metrics."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe log line that is written."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """`json` writes one object a line, `console` is for people, `auto` is console in a terminal and JSON elsewhere."""
    enable_import_tracing: bool = False
    """Log what start-up imported and how long each module took."""
    pushgateway_url: HttpUrl | None = None
    """Prometheus Pushgateway that a run's metrics are pushed to, e.g. `http://pushgateway:9091`; empty: none."""

    auto_select: bool = False
    """Select every new row for the next service at once, so that the pipeline runs unattended."""

    domain_scheduler_interval_minutes: Minutes = 5
    """Minutes between starts of the domain scheduler; the chart makes it the CronJob's schedule."""
    domain_scheduler_batch_size: BatchSize = 50
    """Domains claimed at once."""
    domain_scheduler_max_instances: Instances = 1
    """Pods of one run of the domain scheduler; the chart makes it the Job's parallelism."""
    domain_scheduler_max_pages: Annotated[int, Field(ge=1, le=10)] = 3
    """Pages read of one website: the home page, then the contact and about pages that it links to."""
    domain_sitemap_scheduler_interval_minutes: Minutes = 5
    """Minutes between starts of the domain sitemap submission."""
    domain_sitemap_scheduler_batch_size: BatchSize = 50
    """Domains claimed at once for sitemap discovery."""
    domain_sitemap_scheduler_max_instances: Instances = 1
    """Pods of one run of the domain sitemap submission."""
    sitemap_scheduler_interval_minutes: Minutes = 5
    """Minutes between starts of the sitemap scheduler."""
    sitemap_scheduler_batch_size: BatchSize = 25
    """Legacy sitemap jobs, and deep scans, claimed at once."""
    sitemap_scheduler_max_instances: Instances = 1
    """Pods of one run of the sitemap scheduler."""
    sitemap_import_scheduler_interval_minutes: Minutes = 5
    """Minutes between starts of the sitemap import."""
    sitemap_import_scheduler_batch_size: BatchSize = 20
    """Sitemap files claimed at once."""
    sitemap_import_scheduler_max_instances: Instances = 1
    """Pods of one run of the sitemap import."""
    local_business_scheduler_interval_minutes: Minutes = 5
    """Minutes between starts of the local business enrichment."""
    local_business_scheduler_batch_size: BatchSize = 50
    """Places searches, and businesses, claimed at once."""
    local_business_scheduler_max_instances: Instances = 1
    """Pods of one run of the local business enrichment."""

    concurrency: Annotated[int, Field(ge=1, le=1000)] = 16
    """Rows in work at the same time in one pod."""
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 5
    """Claims of a row before a transient failure is final."""
    lease_seconds: Annotated[float, Field(ge=1, le=3600)] = 120
    """How long a claim holds without a heartbeat; a killed pod's rows are taken up again after this."""
    row_timeout_seconds: Seconds = 900
    """How long the work on one row may take, however alive its worker is."""
    time_budget_seconds: Seconds = 240
    """When a run stops claiming; rows in work still finish. With `ROW_TIMEOUT_SECONDS` it must fit into the Job's
    `activeDeadlineSeconds`."""
    start_delay_seconds: Annotated[float, Field(ge=0, le=600)] = 0
    """How long a run waits before it begins. Cron knows no seconds: the chart spreads services with it that may start
    in the same minute."""
    grace_seconds: Annotated[float, Field(ge=0, le=3600)] = 20
    """After SIGTERM: how long rows in work may still finish before they are released. Keep it below the pod's
    `terminationGracePeriodSeconds`."""
    retry_base_seconds: Seconds = 30
    """Back-off ceiling after the first transient failure; doubles with each attempt, with full jitter."""
    retry_max_seconds: Seconds = 3600
    """Back-off never exceeds this."""
    run_history_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Rows of `service_runs` older than this are deleted."""

    fetch_contact_url: HttpUrl = HttpUrl("https://scrapersky.example/bot")
    """Page that tells website owners who is fetching and how to object; part of the User-Agent. Set it to yours."""
    fetch_product_token: Annotated[str, Field(pattern=r"^[A-Za-z_-]+$")] = "ScraperSkyBot"  # noqa: S105
    """Product token: the name that robots.txt knows us by (RFC 9309)."""
    fetch_allow_networks: Annotated[tuple[Network, ...], NoDecode] = ()
    """Comma-separated CIDR ranges that may be fetched although they are not public: tests, the demo, private sites."""
    fetch_allow_ports: Annotated[tuple[int, ...], NoDecode] = (80, 443)
    """Comma-separated ports that may be connected to."""
    fetch_hosts_file: Path | None = None
    """File in the format of `/etc/hosts` that is asked before the resolver."""
    fetch_port_map: Annotated[dict[int, int], NoDecode] = {}
    """`80=8080,443=8443`: ports to connect to instead, for addresses in `FETCH_ALLOW_NETWORKS` only."""
    fetch_ca_file: Path | None = None
    """PEM file of certificate authorities trusted beside the bundled ones."""
    fetch_proxy: HttpUrl | None = None
    """HTTP proxy for websites and Places, `http://user:password@proxy:3128` or `https://…`. `HTTP_PROXY` and its kin
    are ignored; addresses are checked all the same."""
    fetch_connect_timeout: Seconds = 10
    """How long connecting, TLS included, may take."""
    fetch_read_timeout: Seconds = 15
    """Longest silence while a response is read."""
    fetch_total_timeout: Seconds = 60
    """How long reading one page, robots.txt or API answer may take, redirects included."""
    fetch_max_redirects: Annotated[int, Field(ge=0, le=20)] = 10
    """Redirects followed in one fetch."""
    fetch_max_header_bytes: Bytes = 65_536
    """Size limit of a response's headers."""
    fetch_max_page_bytes: Bytes = 5 * 1024 * 1024
    """Size limit of a page after decompression; a longer one is cut there."""
    fetch_max_compression_ratio: Annotated[int, Field(ge=2, le=10_000)] = 200
    """Decompressed bytes allowed for each byte on the wire, once the first MiB is out."""
    fetch_host_concurrency: Annotated[int, Field(ge=1, le=100)] = 2
    """Requests under way at once to one host; the pods of a run divide them, each has at least one."""
    fetch_host_delay: Annotated[float, Field(ge=0, le=60)] = 0.2
    """Pause between the starts of two requests to one host, from whichever pod of a run."""
    fetch_max_delay: Annotated[float, Field(ge=0, le=3600)] = 30
    """Longest Crawl-delay or Retry-After that a run waits for in place; a longer one goes back to the queue."""

    sitemap_max_bytes: Bytes = 512 * 1024 * 1024
    """Size limit of a sitemap file after decompression; what was read until then is kept."""
    sitemap_max_depth: Annotated[int, Field(ge=1, le=10)] = 4
    """How deep sitemap indexes may nest."""
    sitemap_max_files: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    """Sitemap files kept of one domain."""
    sitemap_total_timeout: Seconds = 600
    """How long reading one sitemap file may take."""

    google_maps_api_key: SecretStr | None = None
    """Key for the Places API (New); needed by Places searches and deep scans only."""
    places_base_url: HttpUrl = HttpUrl("https://places.googleapis.com")
    """Where the Places API is; tests and the demo have a stand-in."""
    places_max_pages: Annotated[int, Field(ge=1, le=3)] = 3
    """Pages of 20 places fetched for one search; Google serves three at the most."""

    @field_validator("fetch_allow_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        return tuple(ip_network(part) for part in _parts(value)) if isinstance(value, str) else value

    @field_validator("fetch_allow_ports", mode="before")
    @classmethod
    def _split_ports(cls, value: object) -> object:
        return tuple(_parts(value)) if isinstance(value, str) else value

    @field_validator("fetch_port_map", mode="before")
    @classmethod
    def _split_port_map(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in _parts(value)]
        return {port: instead for port, _, instead in pairs}

    def batch_size(self, service: str) -> int:
        """``…_BATCH_SIZE`` of a service, e.g. of ``domain-scheduler``."""
        return int(getattr(self, f"{SETTINGS_PREFIX[service]}_batch_size"))

    def interval_seconds(self, service: str) -> float:
        """Seconds between the starts of a service."""
        return 60.0 * int(getattr(self, f"{SETTINGS_PREFIX[service]}_interval_minutes"))

    @classmethod
    def load(cls) -> Self:
        """Read the environment.

        Raises:
            ConfigurationError: With one line for each setting that is missing or wrong; values are not repeated.
        """
        try:
            return cls()  # type: ignore[call-arg]
        except ValidationError as error:
            raise ConfigurationError("\n".join(_complaints(error))) from None

    @classmethod
    def load_offline(cls) -> Self:
        """As `load`, for commands that need no database: DATABASE_URL may be missing.

        Raises:
            ConfigurationError: As `load`.
        """
        try:
            if "DATABASE_URL" in os.environ:
                return cls()  # type: ignore[call-arg]
            return cls(database_url=SecretStr(""))
        except ValidationError as error:
            raise ConfigurationError("\n".join(_complaints(error))) from None


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _complaints(error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        name = str(item["loc"][0]).upper()
        reason = "is not set" if item["type"] == "missing" else item["msg"]
        lines.append(f"{name}: {reason}; see docs/configuration.md")
    return sorted(set(lines))
