"""What a site is built with: our fingerprints against the page's traces, each find with its version and evidence."""

import re
from functools import cache

from scrapersky.metadata.evidence import Evidence, Traces
from scrapersky.metadata.fingerprints import FINGERPRINTS, Fingerprint
from scrapersky.metadata.wordpress import elementor, wordpress
from scrapersky.metadata.wordpress_parts import PLUGINS, parts

MAX_TRIES = 20
_TEXTS = {
    "asset": "assets",
    "link": "links",
    "script": "scripts",
    "class": "classes",
    "comment": "comments",
    "meta": "metas",
    "header": "headers",
    "html": "html",
}
_NEEDLES = {
    kind: [
        (needle, number)
        for number, fingerprint in enumerate(FINGERPRINTS)
        for each, needle, _ in fingerprint.rules
        if each == kind
    ]
    for kind in _TEXTS
}
_LINE_KINDS = frozenset({"asset", "link", "header", "meta"})
_NEAR = 120
_PLATFORMS = frozenset({"CMS", "site builder", "e-commerce"})
_QUERY_VERSION = re.compile(r"[?&]v(?:er(?:sion)?)?=(\d{1,3}(?:\.\d{1,4}){1,3})(?![\w.])")


def tech_stack(traces: Traces) -> dict[str, dict[str, str | None]]:
    """Everything recognised: ``{"jQuery": {"version": "3.7.1", "category": "JavaScript", "evidence": "asset …"}}``."""
    found: dict[str, dict[str, str | None]] = {}
    core = wordpress(traces)
    if core:
        found["WordPress"] = core.entry("CMS")
    if builder := elementor(traces):
        found["Elementor"] = builder.entry("page builder")
        # It runs nowhere else.
        found.setdefault("WordPress", Evidence(None, builder.text).entry("CMS"))
    for number in _likely(traces):
        fingerprint = FINGERPRINTS[number]
        if evidence := _match(fingerprint, traces):
            found[fingerprint.name] = evidence.entry(fingerprint.category)
    _imply_wordpress(found)
    if core:
        for name, entry in parts(traces).items():
            known = found.setdefault(name, entry)
            known["version"] = known["version"] or entry["version"]
    # A theme without a version of its own stamps WordPress's on every library that it loads.
    for name, entry in found.items():
        if name != "WordPress" and core and core.version and entry["version"] == core.version:
            entry["version"] = None
    return found


def _imply_wordpress(found: dict[str, dict[str, str | None]]) -> None:
    """A site may hide where its files lie, and still say which plugin made its forms."""
    if any(entry["category"] in _PLATFORMS and name not in PLUGINS for name, entry in found.items()):
        return
    plugin = next((name for name in found if name in PLUGINS), None)
    if plugin:
        found["WordPress"] = {"version": None, "category": "CMS", "evidence": found[plugin]["evidence"]}


def _likely(traces: Traces) -> list[int]:
    found: set[int] = set()
    for kind, needles in _NEEDLES.items():
        text = getattr(traces, _TEXTS[kind])
        found.update(number for needle, number in needles if needle in text)
    return sorted(found)


def _match(fingerprint: Fingerprint, traces: Traces) -> Evidence | None:
    best: Evidence | None = None
    for kind, needle, pattern in fingerprint.rules:
        evidence = _search(getattr(traces, _TEXTS[kind]), kind, needle, pattern)
        if evidence and evidence.version:
            return evidence
        best = best or evidence
    return best


def _search(text: str, kind: str, needle: str, pattern: str | None) -> Evidence | None:
    position = -1
    best: Evidence | None = None
    for _ in range(MAX_TRIES):
        position = text.find(needle, position + 1)
        if position < 0:
            break
        excerpt = _excerpt(text, kind, position, needle)
        match = _compiled(pattern).search(excerpt) if pattern else None
        if pattern and not match:
            continue
        version = next(filter(None, match.groups()), None) if match else None
        if version is None and kind == "asset" and pattern and (query := _QUERY_VERSION.search(excerpt)):
            version = query.group(1)
        shown = excerpt if kind in _LINE_KINDS else match.group() if match else needle
        best = Evidence(version, f"{kind} {shown.strip()}")
        break
    return best


def _excerpt(text: str, kind: str, position: int, needle: str) -> str:
    if kind not in _LINE_KINDS:
        return text[max(0, position - _NEAR) : position + len(needle) + _NEAR]
    start = text.rfind("\n", 0, position + 1) + 1
    end = text.find("\n", max(position + 1, start))
    return text[start : end if end >= 0 else len(text)]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
