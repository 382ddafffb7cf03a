"""What one page says, kept small, so that a site's pages need not be in memory together."""

from dataclasses import dataclass, field

from scrapersky.metadata import head, schema_org
from scrapersky.metadata.document import Document, Page
from scrapersky.metadata.emails import Email, emails
from scrapersky.metadata.evidence import Traces
from scrapersky.metadata.icons import icons
from scrapersky.metadata.language import language
from scrapersky.metadata.links import contact_links
from scrapersky.metadata.logo import logo
from scrapersky.metadata.phones import Phone, phones
from scrapersky.metadata.regions import regions
from scrapersky.metadata.social import Profile, profiles
from scrapersky.metadata.technology import tech_stack


@dataclass(frozen=True)
class PageFacts:
    """One page's facts; see the module of each for its meaning."""

    url: str
    title: str | None = None
    description: str | None = None
    language: str | None = None
    icons: list[dict[str, str]] = field(default_factory=list)
    logo: str | None = None
    tech_stack: dict[str, dict[str, str | None]] = field(default_factory=dict)
    emails: list[Email] = field(default_factory=list)
    phones: list[Phone] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    schema_types: list[str] = field(default_factory=list)
    local_business: dict[str, object] | None = None
    head: dict[str, object] = field(default_factory=dict)
    contact_links: list[str] = field(default_factory=list)


def read_page(page: Page) -> PageFacts:
    """Read everything from one page; CPU-bound, a few milliseconds for a page of usual size."""
    document = Document(page)
    graph = schema_org.read(document)
    spoken = language(document, graph)
    return PageFacts(
        url=page.url,
        title=head.title(document, graph),
        description=head.description(document, graph),
        language=spoken,
        icons=icons(document),
        logo=logo(document, graph),
        tech_stack=tech_stack(Traces(document)),
        emails=emails(document, graph),
        phones=phones(document, graph, regions(document, graph, spoken)),
        profiles=profiles(document, graph),
        schema_types=schema_org.types(graph),
        local_business=schema_org.local_business(graph),
        head=head.facts(document),
        contact_links=contact_links(document),
    )
