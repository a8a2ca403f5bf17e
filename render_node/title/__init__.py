"""What runs inside the title's process: the launcher and its hooks, a file for each kind of title."""
