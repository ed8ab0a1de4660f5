"""What comes from the central server: entries of its feed, snapshots of the roster, and how far both have come."""
