"""Scenes: one class per screen that a host or a member comes to by a touch. They know no window."""
