"""The node's agent: holds the broker link, keeps warm workers, supervises sessions."""
