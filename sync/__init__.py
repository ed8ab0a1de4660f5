"""Sync: the wire that kiosks and the central server share, the kiosk's client, and the server itself."""
