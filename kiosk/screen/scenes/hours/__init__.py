"""Opening hours: this week, closing and opening now, exceptions, the usual week."""
