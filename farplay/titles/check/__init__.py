"""``farplay title check``: does a title do what its manifest says, in the sandbox that sessions run it in?"""
