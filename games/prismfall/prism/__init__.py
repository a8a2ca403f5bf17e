"""Prismfall's rules, picture and sound."""
