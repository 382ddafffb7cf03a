"""Sitemaps: finding, reading and storing them."""
