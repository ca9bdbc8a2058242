# SPDX-License-Identifier: Apache-2.0
# Runs inside "unshare -n" or "unshare -rn": the real service at one end of a link, many simulated
# machines at the other. Prints what they met.
#   $1 a folder to work in   $2 java   $3 class path   $4 machines   $5 seconds   $6 patience
set -eu
work=$1 java=$2 path=$3 machines=$4 seconds=$5 patience=$6
jvm="$java --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -cp $path"

unshare -n sleep 900 &
far=$!
server=
trap 'kill $far $server 2>/dev/null || true' EXIT
until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done
ip link add near0 type veth peer name far0
ip link set far0 netns $far
ip addr add 10.77.0.1/20 dev near0
ip link set near0 up
nsenter -t $far -n ip link set far0 up

cat >"$work/rootstock.yaml" <<END
data: $work/data
server: 10.77.0.1
iscsi: { listen: ["10.77.0.1:3260"] }
dhcp: { mode: server, interface: near0, range: 10.77.1.0-10.77.14.255, router: none, router-advertisements: false }
END
truncate -s 1M "$work/golden.raw"
$jvm dev.rootstock.boot.cli.Main image import "$work/golden.raw" --name golden \
  --config "$work/rootstock.yaml" >"$work/import.txt" 2>&1 || { cat "$work/import.txt"; exit 1; }
$jvm -Drootstock.log=WARN dev.rootstock.qemu.bench.StormClients "$work/data" golden "$machines"
$jvm dev.rootstock.boot.cli.Main serve --config "$work/rootstock.yaml" \
  >"$work/server.txt" 2>"$work/server.log" &
server=$!
for _ in $(seq 1200); do
  grep -q "ready dhcp" "$work/server.txt" && break
  kill -0 $server 2>/dev/null || { cat "$work/server.log"; exit 1; }
  sleep 0.1
done
nsenter -t $far -n $jvm dev.rootstock.qemu.bench.StormMachines far0 "$machines" "$seconds" "$patience"
lost() { awk '/^Udp: [0-9]/ { print $6 }'; }
echo "storm lost $(($(lost </proc/net/snmp) + $(nsenter -t $far -n cat /proc/net/snmp | lost)))"
kill $server
wait $server
