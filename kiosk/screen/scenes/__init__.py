"""A scene per screen: it draws one view on a canvas and leaves there what can be touched. It knows no window."""
