"""The database: tables, the group-commit writer, migrations, copies."""
