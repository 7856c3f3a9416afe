"""queue index

Revision: 0002, after 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE INDEX creatives_queued ON creatives (id) WHERE status = 'queued'")


def downgrade() -> None:
    op.execute("DROP INDEX creatives_queued")
