"""Reports of children, and notices of floods."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "child_reports",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("safe", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("about", sa.String(length=256), nullable=False),
        sa.Column("conversation", sa.String(length=256), nullable=False),
        sa.Column("reporter", sa.String(length=256), nullable=False),
        sa.Column("vouched", sa.Boolean(), nullable=False),
        sa.Column("crowded", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("contact", sa.Boolean(), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("child_reports_state", "child_reports", ["state", "at"], unique=False)
    op.create_index("child_reports_about", "child_reports", ["about", "at"], unique=False)
    op.create_index("child_reports_case", "child_reports", ["case_id"], unique=False)
    op.create_table(
        "report_floods",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=256), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("danger", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("report_floods_about", "report_floods", ["about", "closed_at"], unique=False)


def downgrade() -> None:
    """Go one step back."""
    op.drop_table("report_floods")
    op.drop_table("child_reports")
