"""Does a title do what its manifest says, in the sandbox that sessions run it in? For ``farplay title check``."""
