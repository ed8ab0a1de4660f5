"""How the machine and each part of the kiosk are: what it tells of itself, and what `kiosk doctor` looks at."""
