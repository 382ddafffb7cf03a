"""One website whose routes a test may change, and an environment in which services read it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.internet.html import Look, home_page
from tests.internet.network import SmallInternet
from tests.internet.server import Answer, Request
from tests.internet.site import Promise, Route, Site, html

Sql = Callable[..., list[dict[str, Any]]]
HOST = "site.example"
MAP = f"https://{HOST}/sitemap.xml"


def url(name: object) -> str:
    """URL of a page of the site."""
    return f"https://{HOST}/{name}/"


class OneSite:
    """The site, and what it was asked for.

    Args:
        site: Its routes may be changed at any time.
        requests: Every request so far.
    """

    def __init__(self, site: Site, requests: list[Request]) -> None:
        self.site = site
        self.requests = requests

    def serve(self, **routes: Route) -> None:
        """Answer at these paths too; ``_`` in a name stands for ``.``, ``__`` for ``/``."""
        paths = {f"/{name.replace('__', '/').replace('_', '.')}": answer for name, answer in routes.items()}
        self.site.routes = {**self.site.routes, **paths}


@pytest.fixture
async def site(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OneSite]:
    """A site with a home page and nothing else."""
    site = Site(HOST, "one", "One", Promise(), {"/": html(home_page("One", Look()))})
    async with SmallInternet(tmp_path, [site]) as internet:
        for name, value in {**internet.environment, "DATABASE_URL": database_url}.items():
            monkeypatch.setenv(name, value)
        yield OneSite(site, internet.requests)


def modified_unless(etag: str, body: bytes) -> Route:
    """Answer 304 to those who know the validator."""

    def answer(request: Request) -> Answer:
        known = request.headers.get("if-none-match") == etag
        return Answer(304) if known else Answer(body=body, headers={"ETag": etag})

    return answer
