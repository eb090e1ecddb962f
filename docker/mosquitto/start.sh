#!/bin/sh
# Makes the password file from the secrets that are mounted (one file an account, named mqtt_USER), then runs the broker.
set -eu
umask 077
: > /mosquitto/auth/passwords
for secret in /run/secrets/mqtt_*; do
    user=${secret##*/mqtt_}
    mosquitto_passwd -b /mosquitto/auth/passwords "$user" "$(cat "$secret")"
done
chown -R mosquitto:mosquitto /mosquitto/auth
exec mosquitto -c /mosquitto/config/mosquitto.conf
