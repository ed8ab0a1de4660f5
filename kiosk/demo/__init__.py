"""The product on a simulated bench: `kiosk demo`, with a window or in a terminal."""
