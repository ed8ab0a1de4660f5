"""The central server: it keeps the ledgers of all kiosks, hands them on as one feed, and folds the roster."""
