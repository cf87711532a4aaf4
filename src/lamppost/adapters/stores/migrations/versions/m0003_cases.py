"""Cases, staff and the search through what people wrote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQLITE = (
    "CREATE VIRTUAL TABLE search_index USING fts5("
    "words, content='search_docs', content_rowid='number', tokenize='unicode61', prefix='2 3')",
    "CREATE TRIGGER search_added AFTER INSERT ON search_docs BEGIN "
    "INSERT INTO search_index(rowid, words) VALUES (new.number, new.words); END",
    "CREATE TRIGGER search_removed AFTER DELETE ON search_docs BEGIN "
    "INSERT INTO search_index(search_index, rowid, words) "
    "VALUES ('delete', old.number, old.words); END",
    "CREATE TRIGGER search_changed AFTER UPDATE OF words ON search_docs BEGIN "
    "INSERT INTO search_index(search_index, rowid, words) "
    "VALUES ('delete', old.number, old.words); "
    "INSERT INTO search_index(rowid, words) VALUES (new.number, new.words); END",
)
POSTGRESQL = (
    "CREATE INDEX search_docs_words ON search_docs USING gin (to_tsvector('simple', words))",
)


def upgrade() -> None:
    """Go one step forward."""
    op.create_table(
        "case_appeals",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("decision_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_appeals_case", "case_appeals", ["case_id"], unique=False)
    op.create_table(
        "case_clocks",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_clocks_case", "case_clocks", ["case_id"], unique=False)
    op.create_index("case_clocks_running", "case_clocks", ["stopped_at", "due_at"], unique=False)
    op.create_table(
        "case_decisions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("acts", sa.Text(), nullable=False),
        sa.Column("judgement", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reviewed_by", sa.String(length=64), nullable=True),
        sa.Column("reviewed_at", sa.BigInteger(), nullable=True),
        sa.Column("review_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_decisions_case", "case_decisions", ["case_id"], unique=False)
    op.create_table(
        "case_findings",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("conversation", sa.String(length=256), nullable=False),
        sa.Column("actor", sa.String(length=256), nullable=False),
        sa.Column("target", sa.String(length=256), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("bits", sa.Float(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_findings_case", "case_findings", ["case_id"], unique=False)
    op.create_index("case_findings_target", "case_findings", ["target"], unique=False)
    op.create_table(
        "case_history",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_history_case", "case_history", ["case_id"], unique=False)
    op.create_index("case_history_row", "case_history", ["row"], unique=False)
    op.create_table(
        "case_labels",
        sa.Column("decision_id", sa.String(length=64), nullable=False),
        sa.Column("finding_id", sa.String(length=64), nullable=False),
        sa.Column("detector", sa.String(length=128), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("bits", sa.Float(), nullable=False),
        sa.Column("label", sa.String(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", "finding_id", "detector"),
    )
    op.create_index("case_labels_case", "case_labels", ["case_id"], unique=False)
    op.create_index(
        "case_labels_figures",
        "case_labels",
        ["counts", "detector", "language", "label", "case_id"],
        unique=False,
    )
    op.create_table(
        "case_links",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("other", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "kind", "other"),
    )
    op.create_table(
        "case_notes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_notes_case", "case_notes", ["case_id"], unique=False)
    op.create_table(
        "case_pieces",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("conversation", sa.String(length=256), nullable=False),
        sa.Column("event", sa.String(length=256), nullable=False),
        sa.Column("edit", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.String(length=256), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "conversation", "event", "edit"),
    )
    op.create_index("case_pieces_sender", "case_pieces", ["sender"], unique=False)
    op.create_table(
        "case_readings",
        sa.Column("sample_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("judgement", sa.String(length=16), nullable=False),
        sa.Column("acts", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sample_id", "by"),
    )
    op.create_table(
        "case_samples",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("decision_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("judgement", sa.String(length=16), nullable=False),
        sa.Column("acts", sa.Text(), nullable=False),
        sa.Column("first_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_samples_case", "case_samples", ["case_id"], unique=False)
    op.create_table(
        "case_tokens",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_tokens_at", "case_tokens", ["at"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(length=256), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("bits", sa.Float(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=True),
        sa.Column("assigned_to", sa.String(length=64), nullable=True),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("claimed_until", sa.BigInteger(), nullable=False),
        sa.Column("children", sa.Integer(), nullable=False),
        sa.Column("youngest", sa.Integer(), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("detectors", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("cases_account", "cases", ["account"], unique=False)
    op.create_index("cases_closed", "cases", ["closed_at"], unique=False)
    op.create_index(
        "cases_one_open",
        "cases",
        ["account"],
        unique=True,
        sqlite_where=sa.text("status <> 'closed'"),
        postgresql_where=sa.text("status <> 'closed'"),
    )
    op.create_index("cases_opened", "cases", ["opened_at"], unique=False)
    op.create_index("cases_queue", "cases", ["status", "level", "due_at"], unique=False)
    op.create_table(
        "search_docs",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=256), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("search_docs_case", "search_docs", ["case_id"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_last", sa.BigInteger(), nullable=False),
        sa.Column("oidc_subject", sa.String(length=512), nullable=True),
        sa.Column("invite_hash", sa.String(length=64), nullable=True),
        sa.Column("invite_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("invite_hash"),
        sa.UniqueConstraint("oidc_subject"),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("reauthenticated_at", sa.BigInteger(), nullable=False),
        sa.Column("csrf_secret", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    op.create_index("staff_sessions_ends", "staff_sessions", ["expires_at"], unique=False)
    op.create_index("staff_sessions_staff", "staff_sessions", ["staff_id"], unique=False)
    op.create_index("audit_act_at", "audit", ["act", "at"], unique=False)
    op.create_index("relationships_level", "relationships", ["level"], unique=False)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if sqlite else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Go one step back."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    op.drop_index("relationships_level", table_name="relationships")
    op.drop_index("audit_act_at", table_name="audit")
    op.drop_index("staff_sessions_staff", table_name="staff_sessions")
    op.drop_index("staff_sessions_ends", table_name="staff_sessions")
    op.drop_table("staff_sessions")
    op.drop_table("staff")
    op.drop_index("search_docs_case", table_name="search_docs")
    op.drop_table("search_docs")
    op.drop_index("cases_queue", table_name="cases")
    op.drop_index("cases_opened", table_name="cases")
    op.drop_index(
        "cases_one_open",
        table_name="cases",
        sqlite_where=sa.text("status <> 'closed'"),
        postgresql_where=sa.text("status <> 'closed'"),
    )
    op.drop_index("cases_closed", table_name="cases")
    op.drop_index("cases_account", table_name="cases")
    op.drop_table("cases")
    op.drop_index("case_tokens_at", table_name="case_tokens")
    op.drop_table("case_tokens")
    op.drop_index("case_samples_case", table_name="case_samples")
    op.drop_table("case_samples")
    op.drop_table("case_readings")
    op.drop_index("case_pieces_sender", table_name="case_pieces")
    op.drop_table("case_pieces")
    op.drop_index("case_notes_case", table_name="case_notes")
    op.drop_table("case_notes")
    op.drop_table("case_links")
    op.drop_index("case_labels_figures", table_name="case_labels")
    op.drop_index("case_labels_case", table_name="case_labels")
    op.drop_table("case_labels")
    op.drop_index("case_history_row", table_name="case_history")
    op.drop_index("case_history_case", table_name="case_history")
    op.drop_table("case_history")
    op.drop_index("case_findings_target", table_name="case_findings")
    op.drop_index("case_findings_case", table_name="case_findings")
    op.drop_table("case_findings")
    op.drop_index("case_decisions_case", table_name="case_decisions")
    op.drop_table("case_decisions")
    op.drop_index("case_clocks_running", table_name="case_clocks")
    op.drop_index("case_clocks_case", table_name="case_clocks")
    op.drop_table("case_clocks")
    op.drop_index("case_appeals_case", table_name="case_appeals")
    op.drop_table("case_appeals")
