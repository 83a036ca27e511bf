#!/bin/bash
# Whether a service of this container answers 200: healthcheck.sh PORT PATH. No Node is started for it, every five seconds.
# With TLS it lives when it says that it speaks nothing else (403): bash cannot speak it.
good='HTTP/1.1 200'
[[ -n ${TLS_CERTIFICATE_FILE:-}${ACME_NAMES:-} ]] && good='HTTP/1.1 403'
# It says so before it has read all that bash writes line by line.
trap '' PIPE
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3 2>/dev/null
IFS= read -r -t 2 status <&3 || exit 1
[[ $status == "$good"* ]]
