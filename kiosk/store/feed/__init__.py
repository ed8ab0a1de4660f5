"""Data from the central server: entries of its feed, snapshots of the roster, and cursors."""
