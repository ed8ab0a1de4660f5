"""The kiosks of the network: pairing, their ledgers, the badge key, how much each may send."""
