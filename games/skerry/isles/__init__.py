"""Skerry's rules, scene and sound."""
