"""Fingerprints of software: frameworks, libraries, fonts, servers, and who delivers the pages."""

import re

_V = r"v?(\d{1,3}(?:\.\d{1,5}){0,3})"
_END = r"(?:[.-](?:min|slim|bundle|pkgd|umd|prod|production|global|core|esm|pack|full))*\.(?:js|css)(?![\w])"


def _library(needle: str, file: str = "") -> str:
    # jquery-3.7.1.min.js, jquery/3.7.1/jquery.js, jquery@3.7.1/dist/jquery.js, jquery.min.js?ver=3.7.1
    name = file or re.escape(needle)
    return f"asset {needle} ~ (?:[/@]{_V}/(?:[\\w-]+/){{0,3}}|[/.]|\\n|^)(?:{name})(?:[.@-]{_V})?{_END}"


SOFTWARE: dict[str, dict[str, tuple[str, ...]]] = {
    "framework": {
        "Next.js": ("asset /_next/static/", 'html id="__NEXT_DATA__"', "header \nx-powered-by: Next.js"),
        "Nuxt": ("asset /_nuxt/", 'html id="__nuxt"', "script window.__NUXT__"),
        "Gatsby": ("meta \ngenerator=Gatsby ~ Gatsby (\\d[\\d.]+)?", 'html id="___gatsby"'),
        "Astro": ("meta \ngenerator=Astro ~ Astro v?(\\d[\\d.]+)?", "asset /_astro/"),
        "Hugo": ("meta \ngenerator=Hugo ~ Hugo (\\d[\\d.]+)?",),
        "Jekyll": ("meta \ngenerator=Jekyll ~ Jekyll v?(\\d[\\d.]+)?",),
        "Eleventy": ("meta \ngenerator=Eleventy ~ Eleventy v?(\\d[\\d.]+)?",),
        "Docusaurus": ("meta \ngenerator=Docusaurus ~ Docusaurus v?(\\d[\\d.]+)?",),
        "VitePress": ("meta \ngenerator=VitePress ~ VitePress v?(\\d[\\d.]+)?",),
        "React": (_library("react", "react(?:-dom)?"), "html data-reactroot"),
        "Vue.js": (_library("vue"), "html data-server-rendered=", "html data-v-app"),
        "Angular": ('html ng-version= ~ ng-version="(\\d[\\d.]+)',),
        "AngularJS": (_library("angular"), "html ng-app="),
        "Svelte": ("class svelte- ~ svelte-[a-z0-9]{5,8}(?![\\w])", "asset /_app/immutable/"),
        "Alpine.js": (_library("alpine", "(?:cdn|alpine)"), "html x-data="),
        "htmx": (_library("htmx"),),
        "Ruby on Rails": ("meta \ncsrf-param=authenticity_token", "header \nx-powered-by: Phusion Passenger"),
        "Laravel": ("header set-cookie: ~ laravel_session",),
        "ASP.NET": (
            'html id="__VIEWSTATE"',
            "header \nx-aspnet-version: ~ : (\\d[\\d.]+)",
            "header \nx-powered-by: ASP.NET",
        ),
        "Express": ("header \nx-powered-by: Express",),
        "PHP": ("header \nx-powered-by: PHP ~ PHP/(\\d[\\d.]+)?", "header set-cookie: ~ PHPSESSID"),
    },
    "JavaScript": {
        "jQuery": (_library("jquery"),),
        "jQuery UI": (_library("jquery-ui"), "asset jquery/ui/ ~ jquery/ui/\\w+(?:\\.min)?\\.js"),
        "jQuery Migrate": (_library("jquery-migrate"),),
        "Bootstrap": (_library("bootstrap"),),
        "Tailwind CSS": ("asset cdn.tailwindcss.com", _library("tailwind", "tailwind(?:css)?")),
        "Foundation": (_library("foundation"),),
        "Swiper": (_library("swiper"),),
        "Slick": (_library("slick"),),
        "Owl Carousel": (_library("owl.carousel"),),
        "GSAP": (_library("gsap"), _library("TweenMax")),
        "Lodash": (_library("lodash"),),
        "Modernizr": (_library("modernizr"),),
        "Moment.js": (_library("moment"),),
        "Three.js": (_library("three"),),
        "Lottie": (_library("lottie", "lottie(?:-player)?"),),
        "Fancybox": (_library("fancybox", "(?:jquery\\.)?fancybox"),),
        "AOS": (_library("aos"),),
        "Leaflet": (_library("leaflet"),),
        "Chart.js": (_library("chart"), _library("Chart")),
    },
    "fonts": {
        "Google Fonts": ("asset fonts.googleapis.com/", "html fonts.googleapis.com/css"),
        "Adobe Fonts": ("asset use.typekit.net/", "asset p.typekit.net/"),
        "Font Awesome": (
            _library("font-awesome"),
            _library("fontawesome", "(?:fontawesome|all|fa-(?:solid|brands|regular))"),
            "asset kit.fontawesome.com/",
            "asset use.fontawesome.com/ ~ releases/v(\\d[\\d.]+)",
        ),
    },
    "server": {
        "nginx": ("header \nserver: nginx ~ nginx(?:/(\\d[\\d.]+))?",),
        "OpenResty": ("header \nserver: openresty ~ openresty(?:/(\\d[\\d.]+))?",),
        "Apache": ("header \nserver: Apache ~ Apache(?:/(\\d[\\d.]+))?(?!-Coyote)",),
        "LiteSpeed": ("header \nserver: LiteSpeed ~ LiteSpeed(?:/(\\d[\\d.]+))?",),
        "IIS": ("header \nserver: Microsoft-IIS ~ IIS/(\\d[\\d.]+)?",),
        "Caddy": ("header \nserver: Caddy",),
        "Varnish": ("header \nx-varnish:", "header \nvia: ~ varnish"),
    },
    "CDN or hosting": {
        "Cloudflare": (
            "header \ncf-ray:",
            "header \nserver: cloudflare",
            "asset /cdn-cgi/",
            "html /cdn-cgi/l/email-protection",
        ),
        "Fastly": ("header \nx-fastly-request-id:", "header \nx-served-by: cache-"),
        "Amazon CloudFront": ("header \nx-amz-cf-id:", "header \nvia: ~ cloudfront", "asset .cloudfront.net/"),
        "Akamai": ("header \nx-akamai-transformed:", "header \nserver: AkamaiGHost"),
        "Vercel": ("header \nx-vercel-id:", "header \nserver: Vercel"),
        "Netlify": ("header \nx-nf-request-id:", "header \nserver: Netlify"),
        "GitHub Pages": ("header \nserver: GitHub.com",),
        "WP Engine": ("header \nx-powered-by: WP Engine", "header \nwpe-backend:", "asset .wpengine.com/"),
        "Kinsta": ("header \nx-kinsta-cache:",),
        "Pantheon": ("header \nx-pantheon-styx-hostname:",),
        "SiteGround": ("asset /cache/siteground-optimizer-assets/", "header \nx-proxy-cache-info:"),
        "Sucuri": ("header \nx-sucuri-id:",),
        "Imperva": ("header \nx-iinfo:", "header \nx-cdn: Imperva", "asset /_Incapsula_Resource"),
        "Bunny CDN": ("asset .b-cdn.net/", "header \nserver: BunnyCDN"),
        "KeyCDN": ("asset .kxcdn.com/", "header \nserver: keycdn"),
        "Azure Front Door": ("header \nx-azure-ref:", "asset .azureedge.net/", "asset .azurefd.net/"),
        "Amazon S3": ("header \nserver: AmazonS3", "asset .amazonaws.com/"),
        "Google Cloud Storage": ("asset storage.googleapis.com/",),
        "Flywheel": ("header \nx-fw-hash:", "header \nserver: Flywheel"),
        "Hostinger": ("header \npanel: hpanel", "header \nplatform: hostinger", "header \nserver: hcdn"),
        "Render": ("header \nx-render-origin-server:",),
        "Fly.io": ("header \nfly-request-id:",),
        "Heroku": ("header \nvia: ~ vegur",),
        "jsDelivr": ("asset cdn.jsdelivr.net/",),
        "cdnjs": ("asset cdnjs.cloudflare.com/",),
        "UNPKG": ("asset unpkg.com/",),
    },
}
