"""What every page of the staff needs: who asks, their words, forms, lists, and the files that pages load."""
