"""Ember & Tide: a duel on a rink of water.

``arena``, ``pieces``, ``physics``, ``rules``, ``rival`` and ``lobby`` know no screen and no clock.
"""
