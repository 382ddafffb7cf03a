"""The social networks: their hosts, and which of their paths are profiles."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scrapersky.metadata.text import words

_RESERVED = words(
    """about account accounts ads ad app apps blog business careers contact dialog directory download events explore
    feed groups hashtag help home home.php i intent jobs l.php legal live login login.php messages notifications
    oauth pages/create people/create plugins policies policy posts privacy privacy-policy profile public recover
    register search settings share share.php shareArticle sharearticle sharer sharer.php sharing signin signup
    status statuses story.php support t terms tos tr trending watch widgets"""
)
# Profiles of the makers of site builders and themes, left in their templates, and what templates say for "yours here".
_NOT_YOURS = words(
    """wix shopify squarespace wordpress wordpresscom weebly godaddy godaddycom elementor elegantthemes themeforest
    envato webflow duda jimdo joomla drupal magento prestashop opencart bigcommerce hubspot facebook instagram
    twitter x youtube linkedin meta google username yourusername user yourname yourpage yourpagename yourprofile
    yourhandle youraccount yourcompany yourbusiness profile page name example handle account channel mypage
    mycompany companyname pagename"""
)


@dataclass(frozen=True)
class Network:
    """One network.

    Attributes:
        name: As in the ``domains`` column without ``_url``, or in ``meta_json.social``.
        hosts: Without ``www.``; the first is the usual one.
        home: The host that profiles of other forms (mobile, country, short) are written with.
        forms: Patterns of a profile's path, best kind first; group 1 is what is kept.
        kept: Further hosts that are kept as written.
        reserved: First path segments that are no profile.
    """

    name: str
    hosts: tuple[str, ...]
    home: str
    forms: tuple[re.Pattern[str], ...]
    kept: tuple[str, ...] = ()
    reserved: frozenset[str] = frozenset()

    def profile(self, path: str, query: Mapping[str, list[str]]) -> tuple[str, int] | None:
        """The path (and query) of the profile that a path belongs to, and the rank of its kind; None for no profile."""
        if self.name == "facebook" and path.rstrip("/").endswith("/profile.php"):
            number = "".join(query.get("id", [])[:1])
            return (f"/profile.php?id={number}", 0) if number.isdigit() else None
        first = path.strip("/").partition("/")[0].lower()
        if not first or first in self.reserved or first in _RESERVED:
            return None
        for rank, form in enumerate(self.forms):
            if match := form.match(path):
                return f"/{match.group('name')}", rank
        return None

    def is_platforms_own(self, handle: str) -> bool:
        """Whether a handle, letters and digits only, is a template's rather than a site's."""
        return handle in _NOT_YOURS or handle == self.name


def _network(name: str, hosts: str, *forms: str, home: str = "", kept: str = "", reserved: str = "") -> Network:
    names = tuple(hosts.split())
    patterns = tuple(
        re.compile(rf"/{form if '?P<name>' in form else f'(?P<name>{form})'}/?$", re.IGNORECASE) for form in forms
    )
    return Network(name, names, home or f"www.{names[0]}", patterns, tuple(kept.split()), frozenset(reserved.split()))


_FACEBOOK_TABS = (
    "about|timeline|posts|reviews|photos|videos|events|info|services|community|shop|mentions|home|reels_tab"
)
_YOUTUBE_PAGES = (
    "watch|embed|playlist|shorts|results|live|v|e|redirect|attribution_link|premium|howyoutubeworks|yt|t|gaming|oembed|clip"
    "|iframe_api|player_api|subscription_center|c|user|channel|s"
)
_PINTEREST = "com co.uk de fr ca es it at ch com.au"
_YELP = "com co.uk de ca ie fr com.au"
_TRIPADVISOR = "com co.uk de fr it es ca ie com.au"


def _in_countries(name: str, suffixes: str) -> str:
    return " ".join(f"{name}.{suffix}" for suffix in suffixes.split())


NETWORKS = (
    _network(
        "facebook",
        "facebook.com fb.com fb.me facebook.de",
        rf"(?:pg/)?(?P<name>pages/[^/]+/\d+|pages/category/[^/]+/[^/]+|people/[^/]+/\d+|p/[^/]+-\d+"
        rf"|(?!pages/|people/|p/|pg/)[^/.@\s][^/@\s]{{1,99}})(?:/(?:{_FACEBOOK_TABS}))?",
        reserved="2008 photo photo.php photos video.php videos permalink.php reel reels marketplace gaming notes places"
        " stories mobile share media maps facebook bookmarks games fundraisers terms.php policy.php",
    ),
    _network(
        "twitter",
        "twitter.com x.com",
        r"@?(?P<name>(?!\d+/?$)\w{1,15})(?:/(?:media|with_replies|likes|following|followers))?",
        home="twitter.com",
        kept="x.com",
        reserved="hashtag compose who_to_follow",
    ),
    _network(
        "linkedin",
        "linkedin.com",
        r"(?P<name>company/[^/]+)(?:/.*)?",
        r"(?P<name>(?:school|showcase)/[^/]+)(?:/.*)?",
        r"(?P<name>pub/[^/]+(?:/\w+){3})/?",
        r"(?P<name>(?:in|pub)/[^/]+)(?:/.*)?",
        reserved="cws uas pulse learning",
    ),
    _network(
        "instagram",
        "instagram.com instagr.am",
        r"(?:_u/)?@?(?P<name>[\w.]{1,30})(?:/(?:reels|tagged|channel))?",
        reserved="p reel reels tv stories direct web developer",
    ),
    _network(
        "youtube",
        "youtube.com youtube.de",
        r"(?P<name>channel/UC[\w-]{10,30}|user/[^/]+|c/[^/]+|@[^/]+)(?:/.*)?",
        rf"(?P<name>(?!(?:{_YOUTUBE_PAGES})(?:/|$))[\w.-]{{2,100}})(?:/(?:featured|videos|about|playlists))?",
    ),
    _network("tiktok", "tiktok.com", r"@[\w.-]{1,30}"),
    _network(
        "pinterest",
        _in_countries("pinterest", _PINTEREST),
        r"(?P<name>[\w-]{3,30})(?:/_.*)?",
        reserved="pin ideas today",
    ),
    _network("threads", "threads.net threads.com", r"@[\w.]{1,30}", kept="threads.com"),
    _network("bluesky", "bsky.app", r"profile/[^/]+", home="bsky.app"),
    _network("yelp", _in_countries("yelp", _YELP), r"biz/[^/]+", kept=_in_countries("yelp", _YELP)),
    _network("vimeo", "vimeo.com", r"(?!\d+/?$)[\w-]{2,40}", home="vimeo.com", reserved="channels upgrade features"),
    _network("whatsapp", "wa.me", r"\+?\d{7,15}", home="wa.me"),
    _network("telegram", "t.me telegram.me", r"(?!joinchat|\+)\w{4,40}", home="t.me", reserved="s iv"),
    _network("github", "github.com", r"[\w-]{1,39}", home="github.com", reserved="features pricing topics sponsors"),
    _network("snapchat", "snapchat.com", r"add/[\w.-]+|@[\w.-]+"),
    _network("reddit", "reddit.com", r"(?:r|user|u)/[\w-]+", reserved="submit"),
    _network("medium", "medium.com", r"@[\w.-]+", home="medium.com"),
    _network("soundcloud", "soundcloud.com", r"[\w-]{2,40}", home="soundcloud.com", reserved="discover stream you"),
    _network("spotify", "open.spotify.com", r"(?:artist|user|show)/\w+", home="open.spotify.com"),
    _network("twitch", "twitch.tv", r"\w{3,25}", reserved="directory downloads"),
    _network("discord", "discord.gg", r"[\w-]{2,40}", home="discord.gg"),
    _network(
        "tripadvisor",
        _in_countries("tripadvisor", _TRIPADVISOR),
        r"(?:Restaurant|Hotel|Attraction)_Review[^/]+",
        kept=_in_countries("tripadvisor", _TRIPADVISOR),
    ),
    _network("trustpilot", "trustpilot.com trustpilot.de", r"review/[^/]+"),
    _network("houzz", "houzz.com", r"(?:pro|professionals)/[^/]+(?:/[^/]+)?"),
    _network("nextdoor", "nextdoor.com", r"(?:pages|profile|business|agency)/[^/]+"),
    _network("bbb", "bbb.org", r"us/[^/]+/[^/]+/profile/.+"),
    _network("angi", "angi.com angieslist.com", r"companylist/.+"),
    _network("xing", "xing.com", r"(?P<name>(?:pages|companies|profile)/[^/]+)(?:/.*)?"),
    _network("vk", "vk.com", r"[\w.]{2,40}", home="vk.com", reserved="share.php"),
    _network("tumblr", "tumblr.com", r"[\w-]{2,40}"),
    _network("flickr", "flickr.com", r"(?P<name>(?:photos|people)/[^/]+)(?:/.*)?"),
    _network("behance", "behance.net", r"[\w-]{2,40}", reserved="gallery joblist"),
    _network("dribbble", "dribbble.com", r"[\w-]{2,40}", home="dribbble.com", reserved="shots tags"),
    _network("google", "g.page maps.app.goo.gl g.co", r"[\w/-]{3,80}", home="g.page", kept="maps.app.goo.gl g.co"),
    _network("mastodon", "mastodon.social mastodon.online", r"@\w+", home="mastodon.social", kept="mastodon.online"),
)
