"""One file per step of the schema; a published one never changes."""
