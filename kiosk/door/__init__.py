"""One tap and one touch, in order: the controller, the devices it drives, the front panel, the buttons of a notice."""
