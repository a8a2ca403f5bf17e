"""Titles of the kind ``native``: any Linux program, on an X server and a sound server of its own."""
