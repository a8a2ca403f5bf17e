"""Routes by topic: parse, ask the core, answer; nothing else."""
