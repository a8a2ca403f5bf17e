"""A title as one file: packed, signed, checked and unpacked. Used by the command, the broker and the nodes."""
