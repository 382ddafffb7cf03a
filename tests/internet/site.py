"""One website of the small Internet: what it serves, and what the pipeline promises to make of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.internet.server import Answer, Request

Route = Answer | Callable[[Request], Answer]
NOT_FOUND = Answer(404, body=b"<!DOCTYPE html><html><head><title>Not found</title></head><body>Not found</body></html>")


@dataclass(frozen=True)
class Promise:
    """What the pipeline leaves behind.

    Attributes:
        scan: Cause of the error of the domain's scan, or None where it completes.
        sitemaps: Rows of ``sitemap_files``.
        pages: Rows of ``pages``.
        failed_imports: Causes of sitemap imports that end in Error.
        facts: Columns of ``domains`` and their values.
    """

    scan: str | None = None
    sitemaps: int = 0
    pages: int = 0
    failed_imports: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass
class Site:
    """A website.

    Attributes:
        host: Its domain, as ``domains.domain`` has it.
        kind: What makes it different from all others.
        name: Of the business.
        routes: Answers by path; a callable sees the request.
        promise: See `Promise`.
        scheme: What it answers over; the other scheme redirects here.
        www: Whether it lives at ``www.``, where the bare host redirects.
        fallback: Answer for every other path.
        listens: False for a host where nobody does.
    """

    host: str
    kind: str
    name: str
    promise: Promise
    routes: Mapping[str, Route] = field(default_factory=dict)
    scheme: str = "https"
    www: bool = False
    fallback: Route = NOT_FOUND
    listens: bool = True
    certificate: str = "good"

    @property
    def origin(self) -> str:
        """Where it lives."""
        return f"{self.scheme}://{'www.' if self.www else ''}{self.host}"

    def answer(self, request: Request) -> Answer:
        """Answer a request, after redirecting it to where the site lives: first the scheme, then the host."""
        if request.scheme != self.scheme:
            return Answer(301, headers={"Location": f"{self.scheme}://{request.host}{request.target}"})
        if request.host.startswith("www.") != self.www:
            return Answer(301, headers={"Location": self.origin + request.target})
        route = self.routes.get(request.target, self.routes.get(request.path, self.fallback))
        return route(request) if callable(route) else route


def html(text: str) -> Answer:
    """A page."""
    return Answer(body=text.encode())


def xml(body: bytes) -> Answer:
    """A sitemap or feed, with a validator, so that asking again can be cheap."""
    return Answer(content_type="application/xml", body=body, headers={"ETag": f'"{len(body)}"'})


def robots(*lines: str) -> Answer:
    """A robots.txt."""
    return Answer(content_type="text/plain", body="\n".join(["User-agent: *", "Disallow: /cart", *lines, ""]).encode())


def failing_first(times: int, failure: Answer, then: Answer) -> Callable[[Request], Answer]:
    """Fail that many times, then work."""
    left = times

    def answer(_: Request) -> Answer:
        nonlocal left
        left -= 1
        return failure if left >= 0 else then

    return answer
