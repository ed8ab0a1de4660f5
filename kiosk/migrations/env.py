"""What Alembic runs to upgrade: on the connection that kiosk.migrations.upgrade hands over, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
