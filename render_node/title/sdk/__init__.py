"""Titles of the kind ``sdk``: a ``farplay_sdk.Title`` run tick by tick in a session."""
