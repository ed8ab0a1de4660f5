"""The machine's settings and a site's description, read from TOML files, reporting all mistakes at once."""
