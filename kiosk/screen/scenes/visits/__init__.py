"""Scenes of visits: who is in, the taps of today, giving an entry back, the evacuation list."""
