"""The roster on the server: the fold of all ledgers, conflicts between them, snapshots for kiosks, forgetting."""
