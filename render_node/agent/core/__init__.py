"""Sans-IO: what the agent decides."""
