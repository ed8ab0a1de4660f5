"""The kiosk's threads: workers under systemd's watchdog, the inbox, and the unix socket for commands."""
