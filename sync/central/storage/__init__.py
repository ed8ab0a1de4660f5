"""The server's database: connections, tables, migrations, backups."""
