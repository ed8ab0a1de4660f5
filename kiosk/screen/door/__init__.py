"""What everybody at the door sees: the idle screen, the answer to a tap, the dark screen at night."""
