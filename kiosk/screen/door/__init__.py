"""The public screens: the idle screen, the notice of a tap, the dark screen at night."""
