"""The kiosk's threads: workers that systemd watches, and the unix socket for commands."""
