r"""What gives technologies away: a table of our own, made from their documentation and from what their pages show.

A rule reads ``kind needle`` or ``kind needle ~ pattern``. The kind says which of the page's traces is searched (asset,
link, script, class, comment, meta, header, html); the needle is literal; the pattern, case-insensitive, must match
around it, and its groups, if it has any, are the version. ``\n`` in a needle is the beginning of a line.
"""

from typing import NamedTuple

from scrapersky.metadata.platforms import PLATFORMS
from scrapersky.metadata.services import SERVICES
from scrapersky.metadata.software import SOFTWARE


class Fingerprint(NamedTuple):
    """A technology's name, category, and rules: (kind, needle, pattern or None)."""

    name: str
    category: str
    rules: tuple[tuple[str, str, str | None], ...]


def _rule(written: str) -> tuple[str, str, str | None]:
    kind, _, rest = written.partition(" ")
    needle, _, pattern = rest.partition(" ~ ")
    return kind, needle, pattern or None


FINGERPRINTS = tuple(
    Fingerprint(name, category, tuple(map(_rule, rules)))
    for table in (PLATFORMS, SOFTWARE, SERVICES)
    for category, entries in table.items()
    for name, rules in entries.items()
)
