"""Widgets: buttons, lists, fields, keyboards. A widget draws itself and registers its touch targets."""
