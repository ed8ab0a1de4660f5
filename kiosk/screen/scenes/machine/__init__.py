"""Scenes of the machine: health, clock, central server, copies onto a USB stick."""
