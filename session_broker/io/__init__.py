"""HTTP, WebSockets and the store: parse, call the core, send."""
