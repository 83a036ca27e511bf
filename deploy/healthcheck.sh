#!/bin/bash
# Whether a service of this container answers 200: healthcheck.sh PORT PATH. No Node is started for it, every five seconds.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
IFS= read -r -t 2 status <&3 || exit 1
[[ $status == 'HTTP/1.1 200'* ]]
