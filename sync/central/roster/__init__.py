"""The roster on the server, built from all ledgers: conflicts, snapshots for kiosks, erasing of old data."""
