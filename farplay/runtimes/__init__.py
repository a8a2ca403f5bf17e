"""Runtimes: read-only base layers that titles share, built from Debian packages and wheels, locked by digest."""
