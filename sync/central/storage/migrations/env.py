"""What Alembic runs to upgrade: on the connection that `upgrade` hands over, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table="central_version")
context.run_migrations()
