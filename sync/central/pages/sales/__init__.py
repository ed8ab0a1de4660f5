"""The pages about sales: a day, a month, a file for the bookkeeper."""
