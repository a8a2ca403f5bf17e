"""Pools carried out: the loop of the replica that holds the lease, and what starts and ends nodes."""
