# SPDX-License-Identifier: Apache-2.0
# Runs inside "unshare -rn": a link between two network namespaces, the real service at one end, a
# boot client without a server's address at the other. Prints what the client finds.
#   $1 a folder to work in, with golden.raw   $2 java   $3 class path
set -eu
work=$1 java=$2 path=$3
jvm="$java --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Xmx128m -cp $path"

unshare -n sleep 300 &
far=$!
server= directory=
trap 'kill $far $server $directory 2>/dev/null || true' EXIT
until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done

ip link add near0 type veth peer name far0
ip link set far0 netns $far
ip addr add 10.77.0.1/24 dev near0
ip link set near0 up
there() { nsenter -t $far -n "$@"; }
there ip addr add 10.77.0.20/24 dev far0
there ip link set far0 up

cat >"$work/rootstock.yaml" <<'END'
data: data
server: 10.77.0.1
iscsi: { listen: ["10.77.0.1:3261"], name-prefix: "iqn.2026-11.dev.rootstock:stages" }
slp: { enabled: true, interface: near0 }
isns: { enabled: true }
END
rootstock() { $jvm dev.rootstock.boot.cli.Main "$@" --config "$work/rootstock.yaml"; }
rootstock image import "$work/golden.raw" --name golden >"$work/setup.txt" 2>&1
rootstock client add mine --image golden --initiator iqn.2001-04.com.example:me >>"$work/setup.txt" 2>&1
rootstock client add others --image golden --initiator iqn.2001-04.com.example:other >>"$work/setup.txt" 2>&1
rootstock client add sleeper --image golden --mac 52:54:00:77:00:09 >>"$work/setup.txt" 2>&1

$jvm dev.rootstock.boot.cli.Main serve --config "$work/rootstock.yaml" \
  >"$work/server.txt" 2>"$work/server.log" &
server=$!
for _ in $(seq 600); do
  grep -q "ready slp" "$work/server.txt" && break
  kill -0 $server || break
  sleep 0.1
done
sed 's/^/server /' "$work/server.txt"

there $jvm dev.rootstock.boot.serve.DiscoveryStages far0 10.77.0.1 \
  iscsi:::::iqn.2026-11.dev.rootstock:stages:mine iqn.2001-04.com.example:me
there $jvm dev.rootstock.boot.cli.Main discover --slp --interface far0 \
  --root-path iscsi:::860:1:iqn.2026-11.dev.rootstock:stages:mine | sed 's/^/discover /'
there $jvm dev.rootstock.boot.cli.Main discover --isns 10.77.0.1 \
  --initiator iqn.2001-04.com.example:me --json | tr -d ' \n' | sed 's/^/isns-json /'
echo
there $jvm dev.rootstock.boot.cli.Main discover --slp 10.77.0.1 2>&1 | sed 's/^/nobody /'

there $jvm dev.rootstock.boot.serve.WakeListener >"$work/woken.txt" 2>&1 &
listener=$!
until grep -q listening "$work/woken.txt"; do
  kill -0 $listener
  sleep 0.1
done
rootstock client wake sleeper | sed 's/^/wake /'
wait $listener
grep woken "$work/woken.txt"

# Somebody else's directory agent, at the far end, is told of what everybody may see, until we end.
mkdir "$work/far"
cat >"$work/far/rootstock.yaml" <<END
data: $work/far/data
server: 10.77.0.20
iscsi: { listen: ["10.77.0.20:3262"] }
slp: { enabled: true, interface: far0, directory-agent: true, register: false }
END
# (Without the function there: its process would not be the server's.)
nsenter -t $far -n $jvm dev.rootstock.boot.cli.Main serve --config "$work/far/rootstock.yaml" \
  >"$work/far/server.txt" 2>"$work/far/server.log" &
directory=$!
rootstock client add everybodys --image golden >>"$work/setup.txt" 2>&1
for _ in $(seq 600); do
  grep -q "ready slp" "$work/far/server.txt" && break
  kill -0 $directory || break
  sleep 0.1
done
told() { rootstock discover --slp 10.77.0.20 2>&1 || true; }
for _ in $(seq 60); do
  told >"$work/told.txt"
  grep -q everybodys "$work/told.txt" && break
  sleep 0.2
done
sed 's/^/directory /' "$work/told.txt"

kill -TERM $server
wait $server
told | sed 's/^/afterwards /'
