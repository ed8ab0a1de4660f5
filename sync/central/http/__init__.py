"""The server's HTTP interface: the calls of kiosks, their description, health, metrics."""
