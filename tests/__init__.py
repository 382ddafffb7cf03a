"""Tests, and the loopback Internet that the demo shares with them."""
