"""The health of the kiosk: machine facts, the state of each part, and the checks of `kiosk doctor`."""
