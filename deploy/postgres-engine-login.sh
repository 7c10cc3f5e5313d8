#!/bin/sh
# The engine's login: no superuser, owner of nothing, it may act as suho_engine and no more.
set -eu
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v password="$POSTGRES_ENGINE_PASSWORD" <<'SQL'
CREATE ROLE suho_login LOGIN NOINHERIT PASSWORD :'password';
GRANT suho_engine TO suho_login;
SQL
