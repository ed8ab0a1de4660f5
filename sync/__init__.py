"""Synchronisation: the wire format that kiosks and central server share, the kiosk's client, and the server."""
