"""The server over HTTP: the calls of kiosks, their description, health, metrics."""
