#!/bin/sh
# Puts the database's URL together from the mounted secret, then hands over to the dispatcher (or the verb given).
set -eu
LOOKOUT_DATABASE_URL="postgresql://lookout:$(cat /run/secrets/postgres_password)@database/lookout"
export LOOKOUT_DATABASE_URL
[ $# -gt 0 ] || set -- run --config /etc/lookout/server.yaml
exec lookout-server "$@"
