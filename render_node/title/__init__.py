"""Runs inside a title's sandbox: connects a program, of whatever kind, to its session worker.

Imports only the standard library, ``wire`` and, once a kind needs them, the packages that it names.
"""
