"""Scenes: one class for each screen of hosts and members. They know no window."""
