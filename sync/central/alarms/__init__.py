"""Alarms: what is wrong, since when, and who is told by e-mail or webhook."""
