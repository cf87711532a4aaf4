"""Stores over SQLAlchemy Core: one implementation for SQLite and PostgreSQL.

`schema` holds the tables, `migrations` how a database came to have them, `database` opens one.
"""
