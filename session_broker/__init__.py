"""The session broker: accounts, catalogue, sessions, placement, signalling. Media never passes here."""
