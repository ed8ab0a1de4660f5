"""The touchscreen: a scene per screen, a few widgets, one theme. The only package that imports pygame.

The words come from kiosk.notices; nothing here decides, and nothing is drawn unless it changed.
"""
