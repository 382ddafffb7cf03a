"""Where the usual platforms keep their sitemaps, the most common first. So many requests a site without one costs."""

USUAL = "/sitemap.xml"
"""Shopify, Wix, Squarespace, Drupal, Ghost, Webflow, Jimdo, Blogger, Magento, Hugo, and what crawlers try."""

WELL_KNOWN = (
    "/sitemap_index.xml",  # WordPress with Yoast or Rank Math
    "/wp-sitemap.xml",  # WordPress itself, since 5.5
    "/sitemap-index.xml",  # Astro, Contao
    "/sitemap.xml.gz",  # generators of large sites
    "/sitemaps.xml",  # WordPress with SEOPress
    "/sitemapindex.xml",  # IIS
    "/sitemap1.xml",  # generators that number their parts
    "/sitemap-0.xml",  # Next.js
    "/sitemap/sitemap-index.xml",  # Gatsby
    "/sitemap/sitemap.xml",
    "/sitemap/index.xml",
    "/pub/sitemap.xml",  # Magento 2, its web root above
    "/1_index_sitemap.xml",  # PrestaShop
    "/index.php?option=com_jmap&view=sitemap&format=xml",  # Joomla with JSitemap
    "/sitemap.php",
    "/news-sitemap.xml",
    "/sitemap.txt",
)
FEEDS = ("/feed/", "/feeds/posts/default", "/rss.xml", "/atom.xml", "/index.xml")
"""Feeds of WordPress, Blogger, and of static sites; tried where no page declares one."""
