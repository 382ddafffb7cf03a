"""Home pages as such businesses have them: dozens of kilobytes, a navigation, scripts, testimonials, a footer."""

from dataclasses import dataclass
from html import escape

SERVICES = (
    "Drain cleaning",
    "Water heater repair",
    "Tankless water heaters",
    "Leak detection",
    "Slab leak repair",
    "Sewer line replacement",
    "Gas line installation",
    "Water softeners",
    "Toilet repair",
    "Faucet installation",
    "Hydro jetting",
    "Repiping",
    "Backflow testing",
    "Garbage disposals",
    "Emergency plumbing",
)
AREAS = ("Austin", "Round Rock", "Cedar Park", "Pflugerville", "Georgetown", "Lakeway", "Buda", "Kyle", "Leander")
NAMES = ("Maria G.", "James T.", "Priya S.", "Hank W.", "Lucía R.", "Dwayne P.", "Ellen K.", "Tomás V.")


@dataclass(frozen=True)
class Look:
    """What distinguishes one site's pages: markup for the head and the end of the body, and a class of the body."""

    head: str = ""
    tail: str = ""
    body_class: str = ""
    language: str = "en-US"


def home_page(name: str, look: Look, body: str = "", *, links: str = "") -> str:
    """A home page of 40 to 60 KB."""
    return page(f"{name} | Plumbers in Austin, TX", name, look, _sections(name) + body, links=links)


def page(title: str, name: str, look: Look, body: str, *, links: str = "") -> str:
    """A page with the site's frame around it."""
    navigation = "".join(f'<li><a href="/services/{_slug(s)}/">{s}</a></li>' for s in SERVICES)
    return f"""<!DOCTYPE html>
<html lang="{look.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<meta name="description" content="{escape(name)}: licensed plumbers for homes and businesses in Austin, Texas.">
{look.head}
<style>{_stylesheet()}</style>
</head>
<body class="{look.body_class}">
<header><a class="brand" href="/">{escape(name)}</a><nav><ul>{navigation}</ul>{links}</nav></header>
<main>{body}</main>
<footer><p>&copy; 2026 {escape(name)}. Serving {", ".join(AREAS)}.</p><p>Mon-Fri 7:30 am to 6:00 pm</p></footer>
{look.tail}
<script>{_script()}</script>
</body>
</html>"""


def _sections(name: str) -> str:
    sections = [f"<h1>{escape(name)}</h1><p>Honest plumbing since 1998, for every tap from Buda to Georgetown.</p>"]
    for number, service in enumerate(SERVICES):
        area, customer = AREAS[number % len(AREAS)], NAMES[number % len(NAMES)]
        sections.append(
            f'<section id="{_slug(service)}"><h2>{service} in {area}</h2>'
            f"<p>{_paragraph(service, area, number)}</p>"
            f"<p>{_paragraph(service, AREAS[(number + 3) % 9], number + 1)}</p>"
            f"<blockquote><p>They came within the hour and explained every step of the {service.lower()}. "
            f"The price was what they had said on the phone.</p><cite>{customer}, {area}</cite></blockquote></section>"
        )
    return "\n".join(sections)


def _paragraph(service: str, area: str, number: int) -> str:
    return (
        f"Old pipes in {area} move with the clay soil, and {service.lower()} is rarely a matter of one afternoon. "
        f"Our crew brings a camera, finds the cause first, and shows you the pictures before anything is opened. "
        f"Most visits take between {1 + number % 3} and {3 + number % 4} hours; parts are on the van. "
        f"If the city wants a permit, we file it, and we are there when the inspector comes. "
    ) * 3


def _stylesheet() -> str:
    return "".join(
        f".c{n}{{margin:{n % 9}px;padding:{n % 7}px;color:#{n * 4099 % 0xFFFFFF:06x};display:flex}}" for n in range(150)
    )


def _script() -> str:
    return "".join(f"function f{n}(a,b){{return a<b?a*{n}:b+{n * 7};}}" for n in range(150))


def _slug(text: str) -> str:
    return text.lower().replace(" ", "-")
