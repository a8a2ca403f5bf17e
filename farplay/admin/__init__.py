"""``farplay admin``: what an operator sees and does, over the broker's operator API."""
