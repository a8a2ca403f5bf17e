"""``farplay title``: make, check, pack, sign and publish games."""
