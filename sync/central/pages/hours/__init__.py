"""The page of opening hours."""
