#!/bin/sh
# Makes docker/secrets/: a random password for the database and for each broker account. Run once; it never overwrites.
#   docker/new-secrets.sh gw-1
set -eu
cd "$(dirname "$0")"
gateway=${1:?name the gateway, for example: docker/new-secrets.sh gw-1}
mkdir -p secrets
# The folder is private; the files are readable, since containers read them as users of their own.
chmod 700 secrets
for name in postgres_password mqtt_dispatcher "mqtt_$gateway"; do
    [ -e "secrets/$name" ] || head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' > "secrets/$name"
    chmod 644 "secrets/$name"
done
echo "docker/secrets is ready."
