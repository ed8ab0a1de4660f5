"""The kiosks of the network: pairing, their ledgers, the badge key, rate limits."""
