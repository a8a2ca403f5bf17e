"""Third-party Python packages of a title: resolved, locked by digest, and put into its folder."""
