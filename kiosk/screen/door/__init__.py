"""What the screen shows to everybody: the idle screen, the notice of a tap, the dark screen at night."""
