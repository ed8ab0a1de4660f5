"""Everything with a wire: reader, door, indicator, and the bench that stands in for them. Members are unknown here."""
