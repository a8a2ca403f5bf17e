"""Runs inside a title's sandbox: connects an unmodified program to its session worker.

Imports only the standard library, ``wire`` and, once its hooks need it, pygame.
"""
