"""The machine: its health, the clock, the central server, copies onto a USB stick."""
