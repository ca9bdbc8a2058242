# SPDX-License-Identifier: Apache-2.0
# Runs inside "unshare -rn": a link between two network namespaces, our servers at one end, a real
# DHCP client and an SLP client at the other; then strangers in a third one on the same link. Prints
# what happens, one line each.
#   $1 a folder to work in   $2 java   $3 class path   $4 two SLP requests in hexadecimal, a comma between
set -eu
work=$1 java=$2 path=$3 unicast=${4%,*} multicast=${4#*,}
jvm="$java --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Xmx64m -Drootstock.log=WARN -cp $path"

unshare -n sleep 300 &
far=$!
unshare -n sleep 300 &
third=$!
trap 'exec 9>&- || true; kill $far $third 2>/dev/null || true' EXIT
for each in $far $third; do
  until [ "$(readlink /proc/$each/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done
done

ip link add near0 type veth peer name far0
ip link set far0 netns $far
ip addr add 10.77.0.1/24 dev near0
ip link set near0 up
there() { nsenter -t $far -n "$@"; }
there ip link set far0 address 52:54:00:77:00:01 up

mkfifo "$work/stop"
start() {
  $jvm dev.rootstock.boot.dhcp.NamespaceServer "$@" <"$work/stop" >"$work/server.txt" 2>&1 &
  server=$!
  exec 9>"$work/stop"
  for _ in $(seq 600); do
    grep -q ready "$work/server.txt" && break
    kill -0 $server || break
    sleep 0.1
  done
  grep -q ready "$work/server.txt" || { cat "$work/server.txt"; exit 1; }
}
start near0

# A second server on the interface must be refused, in one line.
$jvm dev.rootstock.boot.dhcp.NamespaceServer near0 </dev/null 2>&1 |
  sed -n 's/^Exception in thread "main" java.io.IOException: /second /p'

cat >"$work/on-event" <<'END'
#!/bin/sh
case $1 in
  deconfig) busybox ip addr flush dev $interface ;;
  bound | renew) busybox ip addr add $ip/$mask dev $interface 2>/dev/null ;;
esac
echo "dhcp $1 ip=${ip:-} mask=${mask:-} lease=${lease:-} server=${serverid:-} host=${hostname:-} root=${rootpath:-} router=${router:-}" >>"$EVENTS"
END
chmod +x "$work/on-event"
export EVENTS="$work/events"
: >"$EVENTS"
wait_for() { for _ in $(seq 200); do grep -q "^dhcp $1" "$EVENTS" && return; sleep 0.1; done; return 1; }

# As Linux's ipconfig: without option 61. Then renewing, by unicast.
# (Without the function there: its process would not be the client's.)
nsenter -t $far -n busybox udhcpc -i far0 -f -C -V 'Linux ipconfig' -O rootpath -O hostname -t 5 -T 2 \
  -s "$work/on-event" >"$work/udhcpc.txt" 2>&1 &
client=$!
wait_for bound && kill -USR1 $client && wait_for renew || cat "$work/udhcpc.txt"
kill $client
# Once more, with option 61, as another stage of the same machine: the same address.
there busybox udhcpc -i far0 -f -q -n -O rootpath -t 5 -T 2 -s "$work/on-event" \
  >>"$work/udhcpc.txt" 2>&1 || true
cat "$EVENTS"

# A stranger hears nothing.
there ip link set far0 address 52:54:00:77:ff:ff
there busybox udhcpc -i far0 -f -q -n -t 2 -T 1 -s "$work/on-event" >>"$work/udhcpc.txt" 2>&1 &&
  echo "stranger answered" || echo "stranger silence"
there ip link set far0 address 52:54:00:77:00:01

there ip addr add 10.77.0.100/24 dev far0 2>/dev/null || true
there $jvm dev.rootstock.boot.dhcp.NamespaceSlpClient far0 "$unicast" 10.77.0.1
there $jvm dev.rootstock.boot.dhcp.NamespaceSlpClient far0 "$multicast" 239.255.255.253 10.77.0.255

exec 9>&-
wait $server
grep DhcpCounters "$work/server.txt"

# Strangers, on a bridge with the machine that has 10.77.0.100 and no lease for it.
ip link add br0 type bridge stp_state 0 forward_delay 0
ip link add near1 type veth peer name third0
ip link set third0 netns $third
ip addr flush dev near0
ip link set near0 master br0
ip link set near1 master br0 up
ip addr add 10.77.0.1/24 dev br0
ip link set br0 up
third() {
  nsenter -t $third -n ip link set third0 down
  nsenter -t $third -n ip link set third0 address "$1" up
  : >"$EVENTS"
  nsenter -t $third -n busybox udhcpc -i third0 -f -q -n -O rootpath -t 15 -T 2 -s "$work/on-event" \
    >>"$work/udhcpc.txt" 2>&1 || echo "$2 unanswered"
  sed -n "s/^dhcp bound/$2/p" "$EVENTS"
}
mkdir "$work/leases"
start br0 "$work/leases"
third 52:54:00:77:ff:01 one
kill -9 $server
wait $server || true
exec 9>&-
# What was acknowledged is there after that.
start br0 "$work/leases"
third 52:54:00:77:ff:02 two
third 52:54:00:77:ff:01 again
exec 9>&-
wait $server
