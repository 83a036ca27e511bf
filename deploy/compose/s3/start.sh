#!/bin/bash
# Ceph's S3 gateway before a cluster of one monitor and one disk, for trials: what the service "s3" of docker-compose runs.
# Nothing is stored twice. Its disk is a file in S3_DATA, which stays; whoever may use it is who AWS's file of credentials names.
# S3_STORE=memstore keeps objects in memory instead, as tests do.
set -euo pipefail
data=${S3_DATA:-/data} host=${S3_HOST:-0.0.0.0} port=${S3_PORT:-7480} monitor=${S3_MONITOR_PORT:-3300}
buckets=${S3_BUCKETS:-images} region=${S3_REGION:-eu-central-1} credentials=${S3_CREDENTIALS_FILE:-/run/secrets/aws-credentials}
libraries=${S3_LIBRARIES:-/usr/lib/$(uname -m)-linux-gnu}
export CEPH_CONF=$data/ceph.conf

value() { sed -n "s/^ *$1 *= *//p" "$credentials" | head -n 1; }
key=$(value aws_access_key_id) secret=$(value aws_secret_access_key)
if [ -z "$key" ] || [ -z "$secret" ]; then
  echo "$credentials: wanted aws_access_key_id and aws_secret_access_key" >&2
  exit 78
fi

mkdir -p "$data"/{mon,osd,run}
[ -s "$data/fsid" ] || cat /proc/sys/kernel/random/uuid > "$data/fsid"
cat > "$CEPH_CONF" << END
[global]
fsid = $(cat "$data/fsid")
mon host = v2:127.0.0.1:$monitor
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon cluster mode = crc
ms mon service mode = crc
ms mon client mode = crc
run dir = $data/run
crash dir = $data/run
mon data = $data/mon
osd data = $data/osd
log file =
err to stderr = true
pid file =
admin socket =
plugin dir = $libraries/ceph
erasure code dir = $libraries/ceph/erasure-code
osd class dir = $libraries/rados-classes
osd objectstore = ${S3_STORE:-bluestore}
bluestore block size = ${S3_BYTES:-53687091200}
memstore device bytes = ${S3_BYTES:-4294967296}
osd memory target = 1073741824
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 0
mon data avail warn = 0
paxos propose interval = 0.05
paxos min wait = 0.01
[client]
keyring = $data/none
rgw frontends = beast endpoint=$host:$port
END

if [ ! -e "$data/made" ]; then
  rm -rf "${data:?}"/{mon,osd}/*
  monmaptool --create --clobber --fsid "$(cat "$data/fsid")" --addv a "[v2:127.0.0.1:$monitor]" "$data/monmap"
  osdmaptool --createsimple 1 --clobber "$data/osdmap"
  ceph-mon --mkfs -i a --monmap "$data/monmap" --osdmap "$data/osdmap"
fi

end() {
  trap - TERM INT EXIT
  # The gateway first: each of them waits for whom it leans on.
  for pid in $(jobs -p | tac); do kill "$pid" 2> /dev/null && wait "$pid" || true; done
}
trap 'end; exit 0' TERM INT
trap end EXIT
ceph-mon -i a -f &
# Asks the monitor for its settings first.
[ -e "$data/made" ] || ceph-osd --mkfs -i 0 --osd-uuid "$(cat /proc/sys/kernel/random/uuid)"
touch "$data/made"
ceph-osd -i 0 -f &
# Waits until the disk is there, and makes the pools. Another secret than before takes its place.
as_user() { radosgw-admin user "$1" --uid=registry --access-key="$key" --secret="$secret" "${@:2}" > /dev/null; }
radosgw-admin user info --uid=registry > /dev/null 2>&1 || as_user create --display-name=registry
as_user modify
radosgw -n client.rgw.a -f &
until curl -s -o /dev/null "http://127.0.0.1:$port/"; do sleep 0.2; done
# The secret comes by standard input: arguments can be read by everybody. The hash is that of no content.
for bucket in $buckets; do
  curl -sS --fail -o /dev/null -X PUT --aws-sigv4 "aws:amz:$region:s3" -K - "http://127.0.0.1:$port/$bucket" << END
user = "$key:$secret"
header = "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
END
done
echo "S3 is ready: $buckets"
# One that ends takes all with it; who restarts the container starts all again.
wait -n
exit 1
