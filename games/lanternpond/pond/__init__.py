"""Lantern Pond: join the lanterns of a colour until the whole pond glows.

``levels``, ``board`` and ``progress`` know no screen and no clock.
"""
