"""Pools: how many nodes of which kind there shall be, as a function of who waits, who plays and what there is."""
