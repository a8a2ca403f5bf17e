"""Pygame, hooked: what an unmodified pygame program calls is answered for the player at the other end."""
