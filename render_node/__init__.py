"""The render node: an agent per machine, a worker per session, a sandboxed process per running title."""
