"""The contract between broker, node, title and browser tab: messages, binary formats, errors, limits.

Standard library only, no IO, no clock. Everything here is imported by every other package and imports none
of them. JavaScript twins live in ``web_client/static/wire``; both pass ``wire/vectors``.
"""
