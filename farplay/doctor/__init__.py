"""``farplay doctor``: what this machine has and lacks, each with what to do about it."""
