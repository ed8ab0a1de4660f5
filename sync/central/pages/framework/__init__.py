"""What all staff pages share: access, language, forms, lists, and static files."""
