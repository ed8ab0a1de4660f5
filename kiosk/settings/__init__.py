"""The machine's settings and a site's description, read from TOML files, with all mistakes at once."""
