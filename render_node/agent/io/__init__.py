"""The agent's sockets and processes."""
