"""Colours, sizes, letters, pictograms, and the canvas that scenes and widgets draw on."""
