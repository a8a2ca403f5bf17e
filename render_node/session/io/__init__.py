"""The worker's processes, codecs, sockets and peers."""
