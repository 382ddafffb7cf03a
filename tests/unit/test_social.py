"""Social profiles: each network's forms of a profile, and what on the same hosts is none."""

import pytest

from tests.support.pages import ld, said

COLUMNS = ("facebook", "twitter", "linkedin", "instagram", "youtube")


def profiles(body: str, head: str = "") -> dict[str, str]:
    found = said(head, body)
    columns = {name: getattr(found, f"{name}_url") for name in COLUMNS}
    others = found.meta_json.get("social", {})
    assert isinstance(others, dict)
    return {name: url for name, url in columns.items() if url} | others


FACEBOOK, TWITTER, LINKEDIN = "https://www.facebook.com/", "https://twitter.com/", "https://www.linkedin.com/"
INSTAGRAM, YOUTUBE = "https://www.instagram.com/", "https://www.youtube.com/"


@pytest.mark.parametrize(
    ("href", "profile"),
    [
        ("//www.facebook.com/joes", f"{FACEBOOK}joes"),
        ("www.facebook.com/joes", f"{FACEBOOK}joes"),
        ("http://m.facebook.com/joes?ref=x", f"{FACEBOOK}joes"),
        ("https://fr-fr.facebook.com/joes#", f"{FACEBOOK}joes"),
        ("https://fb.com/joes", f"{FACEBOOK}joes"),
        ("https://www.facebook.com/joes/photos/", f"{FACEBOOK}joes"),
        ("https://www.facebook.com/joes/reviews/?ref=page_internal", f"{FACEBOOK}joes"),
        (
            "https://www.facebook.com/Joes-Town-GmbH-152914324834256/timeline/",
            f"{FACEBOOK}Joes-Town-GmbH-152914324834256",
        ),
        ("https://www.facebook.com/profile.php?id=100063&sk=x", f"{FACEBOOK}profile.php?id=100063"),
        ("https://www.facebook.com/pages/Joes-Plumbing/60187856377?x=1", f"{FACEBOOK}pages/Joes-Plumbing/60187856377"),
        ("https://www.facebook.com/people/Joes/100063/", f"{FACEBOOK}people/Joes/100063"),
        ("https://www.facebook.com/p/Joes-Plumbing-100063/", f"{FACEBOOK}p/Joes-Plumbing-100063"),
        ("https://twitter.com/#!/joes", f"{TWITTER}joes"),
        ("https://mobile.twitter.com/@joes?lang=en", f"{TWITTER}joes"),
        ("https://x.com/joes", "https://x.com/joes"),
        ("https://uk.linkedin.com/in/joe-smith-1a/", f"{LINKEDIN}in/joe-smith-1a"),
        ("https://www.linkedin.com/company/1234567/admin/", f"{LINKEDIN}company/1234567"),
        ("https://www.linkedin.com/pub/joe/88/573/6b2", f"{LINKEDIN}pub/joe/88/573/6b2"),
        ("https://instagr.am/joes", f"{INSTAGRAM}joes"),
        ("https://www.instagram.com/_u/joes", f"{INSTAGRAM}joes"),
        ("https://l.instagram.com/?e=x&u=https%3A%2F%2Fwww.facebook.com%2Fjoes%2F&s=y", f"{FACEBOOK}joes"),
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.instagram.com%2Fjoes%2F%3Fhl%3Den&h=AT", f"{INSTAGRAM}joes"),
        ("https://www.instagram.com/joes.plumbing/?hl=en", f"{INSTAGRAM}joes.plumbing"),
        ("https://m.youtube.com/@joes/videos", f"{YOUTUBE}@joes"),
        (f"{YOUTUBE}channel/UCVimQoXNCZuEnZRVAbuYMiw?sub_confirmation=1", f"{YOUTUBE}channel/UCVimQoXNCZuEnZRVAbuYMiw"),
        (f"{YOUTUBE}user/joes", f"{YOUTUBE}user/joes"),
        (f"{YOUTUBE}c/joes", f"{YOUTUBE}c/joes"),
        (f"{YOUTUBE}joesplumbing", f"{YOUTUBE}joesplumbing"),
        ("https://www.tiktok.com/@joes", "https://www.tiktok.com/@joes"),
        ("https://www.yelp.com/biz/joes-austin", "https://www.yelp.com/biz/joes-austin"),
        ("https://pinterest.co.uk/joes/", "https://www.pinterest.com/joes"),
    ],
)
def test_a_profile_in_its_usual_form(href: str, profile: str) -> None:
    assert list(profiles(f'<footer><a href="{href}">x</a></footer>').values()) == [profile]


NO_PROFILES = """
https://www.facebook.com/ https://www.facebook.com/sharer/sharer.php?u=x https://www.facebook.com/sharer.php?u=x
https://www.facebook.com/share.php?u=x https://www.facebook.com/share/1Abc/ https://www.facebook.com/dialog/share?x
https://www.facebook.com/plugins/like.php https://www.facebook.com/tr?id=1 https://www.facebook.com/groups/joes
https://www.facebook.com/events/123 https://www.facebook.com/login.php https://www.facebook.com/policy
https://www.facebook.com/hashtag/x https://www.facebook.com/watch/?v=1 https://l.facebook.com/l.php?u=x
https://www.facebook.com/joes/posts/123 https://www.facebook.com/privacy/explanation https://www.facebook.com/mobile/
https://www.facebook.com/directory/people/ https://developers.facebook.com/docs https://connect.facebook.net/en_US/sdk.js
https://twitter.com/intent/tweet?url https://twitter.com/intent/follow?screen_name=joes https://twitter.com/share?u
https://twitter.com/home?status=x https://twitter.com/joes/status/123 https://twitter.com/hashtag/x https://x.com/
https://x.com/intent/post?text https://x.com/i/flow/login https://twitter.com/search?q=x https://about.twitter.com/company
https://pic.twitter.com/abc https://platform.twitter.com/widgets.js https://www.linkedin.com/shareArticle?mini=true
https://www.linkedin.com/sharing/share-offsite/?url=x https://www.linkedin.com/feed/ https://www.linkedin.com/jobs/view/1
https://www.linkedin.com/company/ https://www.linkedin.com/groups/123 https://www.linkedin.com/cws/share?url
https://www.linkedin.com/learning/me https://www.linkedin.com/salary/ https://www.instagram.com/p/Abc/
https://www.instagram.com/reel/Abc/ https://www.instagram.com/explore/tags/x https://www.instagram.com/accounts/login
https://www.instagram.com/stories/joes/1 https://www.instagram.com/legal/terms/ https://business.instagram.com/
https://www.youtube.com/watch?v=abc https://www.youtube.com/embed/abc https://youtu.be/abc https://www.youtube.com/shorts/x
https://www.youtube.com/playlist?list=x https://www.youtube.com/t/terms https://www.youtube.com/results?search_query
https://www.youtube.com/feed/subscriptions https://www.pinterest.com/pin/create/button/ https://www.pinterest.com/_/_/about/
https://www.facebook.com/wix https://twitter.com/squarespace https://www.instagram.com/yourusername
"""


@pytest.mark.parametrize("href", NO_PROFILES.split())
def test_what_is_no_profile(href: str) -> None:
    assert profiles(f'<footer><a href="{href}">x</a></footer>') == {}


@pytest.mark.parametrize(
    ("head", "body", "profile"),
    [
        (ld('{"@type": "Plumber", "sameAs": "https://facebook.com/joes"}'), "", "https://facebook.com/joes"),
        ('<meta name="twitter:site" content="@joes">', "", "https://x.com/joes"),
        ('<meta property="article:publisher" content="https://www.facebook.com/joes">', "", f"{FACEBOOK}joes"),
        ('<link rel="me" href="https://www.instagram.com/joes">', "", f"{INSTAGRAM}joes"),
        ("", '<div class="fb-page" data-href="https://www.facebook.com/joes"></div>', f"{FACEBOOK}joes"),
        (
            "",
            '<article><a href="https://facebook.com/other">x</a></article><footer><a href="https://facebook.com/joes">x</a>',
            "https://facebook.com/joes",
        ),
        (
            "",
            '<footer><a href="https://x.com/web_agency">by us</a> <a href="https://x.com/joesplumbing">x</a></footer>',
            "https://x.com/joesplumbing",
        ),
        (
            "",
            '<footer><a href="https://twitter.com/wix">x</a><a href="https://twitter.com/joes">x</a>',
            f"{TWITTER}joes",
        ),
    ],
)
def test_the_sites_own_profile_wherever_it_says_so(head: str, body: str, profile: str) -> None:
    assert list(profiles(body, head).values()) == [profile]
