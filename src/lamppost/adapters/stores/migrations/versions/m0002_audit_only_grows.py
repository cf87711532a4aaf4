# ruff: noqa: S608
"""The audit chain only grows: the database itself refuses to change, remove or misplace a row.

Whoever owns the database can drop these guards; the chain then tells. They stop mistakes, and
everybody who may only use the tables.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SAYS = "the audit chain only grows"
_FIRST = "0" * 64

SQLITE = (
    f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
    f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END",
    f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
    f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END",
    f"CREATE TRIGGER audit_follows BEFORE INSERT ON audit "
    f"WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit) "
    f"OR NEW.prev_hash IS NOT COALESCE("
    f"(SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), '{_FIRST}') "
    f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END",
)
POSTGRESQL = (
    f"CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
    f"BEGIN RAISE EXCEPTION '{_SAYS}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    f"CREATE FUNCTION audit_follow() RETURNS trigger LANGUAGE plpgsql AS $$ "
    f"DECLARE last_seq bigint; last_hash text; "
    f"BEGIN SELECT seq, hash INTO last_seq, last_hash FROM audit ORDER BY seq DESC LIMIT 1; "
    f"IF NEW.seq IS DISTINCT FROM COALESCE(last_seq, 0) + 1 "
    f"OR NEW.prev_hash IS DISTINCT FROM COALESCE(last_hash, '{_FIRST}') THEN "
    f"RAISE EXCEPTION '{_SAYS}' USING ERRCODE = 'integrity_constraint_violation'; "
    f"END IF; RETURN NEW; END $$",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_follows BEFORE INSERT ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_follow()",
)


def upgrade() -> None:
    """Go one step forward."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if sqlite else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Go one step back."""
    if op.get_bind().dialect.name == "sqlite":
        for name in ("audit_no_update", "audit_no_delete", "audit_follows"):
            op.execute(f"DROP TRIGGER {name}")
        return
    for name in ("audit_no_change", "audit_no_truncate", "audit_follows"):
        op.execute(f"DROP TRIGGER {name} ON audit")
    for name in ("audit_refuse", "audit_follow"):
        op.execute(f"DROP FUNCTION {name}()")
