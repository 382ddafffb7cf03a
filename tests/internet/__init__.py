"""A small Internet on the loopback: websites of every kind, well-behaved and hostile, and a stand-in for Google Places.

``python -m tests.internet --state FILE`` serves it; tests use `tests.support.internet`.
"""
