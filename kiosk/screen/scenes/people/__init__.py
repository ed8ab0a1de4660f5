"""Members: finding, adding and changing them, their badges, and the account that a member sees."""
