"""The central server: what all kiosks of a network know together, and the pages where its staff work."""
