#!/bin/sh
# Copies the backups that the bucket lacks; what is there stays, whatever happens to the claim. How long
# the bucket keeps them is its own lifecycle rule.
set -eu
RCLONE_CONFIG_STORE_TYPE=s3
RCLONE_CONFIG_STORE_PROVIDER=Other
RCLONE_CONFIG_STORE_ENDPOINT=$ENDPOINT
RCLONE_CONFIG_STORE_REGION=$REGION
RCLONE_CONFIG_STORE_ACCESS_KEY_ID=$(cat /run/secrets/storage/ACCESS_KEY_ID)
RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=$(cat /run/secrets/storage/SECRET_ACCESS_KEY)
export RCLONE_CONFIG_STORE_TYPE RCLONE_CONFIG_STORE_PROVIDER RCLONE_CONFIG_STORE_ENDPOINT \
  RCLONE_CONFIG_STORE_REGION RCLONE_CONFIG_STORE_ACCESS_KEY_ID RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY
# No config file on a read-only disk, and no look at the bucket itself, which the key may not create.
exec rclone copy /backups "store:$BUCKET" --config '' --s3-no-check-bucket --include 'backup-*.sql.gz' \
  --immutable --checksum --retries 3 --stats-one-line -v
