# SPDX-License-Identifier: Apache-2.0
# Runs inside "unshare -rn": the real service on two links with a network each, and a machine in a
# namespace of its own on either. Prints what the machines are told and get.
#   $1 a folder to work in, with golden.raw   $2 java   $3 class path
set -eu
work=$1 java=$2 path=$3
jvm="$java --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Xmx128m -cp $path"

unshare -n sleep 300 &
one=$!
unshare -n sleep 300 &
two=$!
server=
trap 'kill $one $two $server 2>/dev/null || true' EXIT
for each in $one $two; do
  until [ "$(readlink /proc/$each/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done
done

link() { # number, namespace, card
  ip link add near$1 type veth peer name far$1
  ip link set far$1 netns $2
  ip addr add 10.7$1.0.1/24 dev near$1
  ip link set near$1 up
  nsenter -t $2 -n ip link set far$1 address $3 up
}
link 7 $one 52:54:00:77:00:01
link 8 $two 52:54:00:77:00:02

mkdir "$work/files"
head -c 100000 "$work/golden.raw" >"$work/files/undionly.kpxe"
cat >"$work/rootstock.yaml" <<END
data: data
iscsi: { name-prefix: "iqn.2026-11.dev.rootstock:links" }
dhcp:
  mode: server
  strangers: serve
  lease: 10m
  subnets:
    - { interface: near7, range: 10.77.0.100-10.77.0.109, router: 10.77.0.254 }
    - { interface: near8, range: 10.78.0.200-10.78.0.209 }
tftp: { enabled: true, root: "$work/files" }
http: { listen: ["0.0.0.0:8080"] }
END
rootstock() { $jvm dev.rootstock.boot.cli.Main "$@" --config "$work/rootstock.yaml"; }
rootstock image import "$work/golden.raw" --name golden >"$work/setup.txt" 2>&1
rootstock client add alpha --image golden --mac 52:54:00:77:00:01 >>"$work/setup.txt" 2>&1
rootstock client add beta --image golden --mac 52:54:00:77:00:02 >>"$work/setup.txt" 2>&1

$jvm dev.rootstock.boot.cli.Main serve --config "$work/rootstock.yaml" \
  >"$work/server.txt" 2>"$work/server.log" &
server=$!
for _ in $(seq 600); do
  grep -q "ready http" "$work/server.txt" && break # all are told at once
  kill -0 $server || break
  sleep 0.1
done
sed 's/^/server /' "$work/server.txt"
cat "$work/server.log" >&2

cat >"$work/on-event" <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
busybox ip addr flush dev $interface
busybox ip addr add $ip/$mask dev $interface
echo "$LABEL ip=$ip server=$serverid router=${router:-none} lease=$lease root=${rootpath:-none}"
END
chmod +x "$work/on-event"
ask() { # namespace, interface, label
  LABEL=$3 nsenter -t $1 -n busybox udhcpc -i $2 -f -q -n -O rootpath -t 15 -T 2 \
    -s "$work/on-event" 2>>"$work/udhcpc.txt" | grep "^$3 " || echo "$3 unanswered"
}

# Both at the same time.
ask $one far7 first &
asks=$!
ask $two far8 second
wait $asks

# What a machine loads is at our address on its own link.
for each in "$one 10.77.0.1 first" "$two 10.78.0.1 second"; do
  set -- $each
  for url in tftp://$2/undionly.kpxe http://$2:8080/boot/undionly.kpxe; do
    nsenter -t $1 -n curl --silent --show-error --max-time 60 --output "$work/loaded" $url
    cmp "$work/loaded" "$work/files/undionly.kpxe" && echo "$3 loaded $url"
  done
done

# A machine that is plugged in on the other link, and a stranger there.
for each in 01:moved ff:stranger; do
  nsenter -t $two -n ip addr flush dev far8
  nsenter -t $two -n ip link set far8 down
  nsenter -t $two -n ip link set far8 address 52:54:00:77:00:${each%:*} up
  ask $two far8 ${each#*:}
done

kill -TERM $server
wait $server
