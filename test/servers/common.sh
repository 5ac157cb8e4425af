# Sourced by the scripts beside it: where binaries and images are kept, and how processes are started, found and ended.
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/edc-job-provisioner
BIN=$CACHE/bin

# The head of a script is its help.
usage() {
  sed -n '2,/^set -/{/^#/s/^# \?//p}' "$0" >&2
  exit 64
}

absolute() { mkdir -p "$1" && (cd "$1" && pwd); }

# A pid may be reused: what DIR/run keeps of a process is its pid and its start time (field 22 of /proc/PID/stat).
started() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  set -- $stat
  [ "$1" != Z ] && echo "${20}"
}

record() { echo "$2 $(started "$2")" >"$DIR/run/$1.pid"; } # NAME PID

pid_of() {
  local pid since
  read -r pid since 2>/dev/null <"$DIR/run/$1.pid" && [ "$(started "$pid")" = "$since" ] && echo "$pid"
}

alive() { pid_of "$1" >/dev/null; }

# NAME COMMAND...: in a session of its own, its output in DIR/log/NAME.log.
spawn() {
  local name=$1
  shift
  mkdir -p "$DIR"/{run,log}
  setsid "$@" >>"$DIR/log/$name.log" 2>&1 </dev/null &
  record "$name" $!
}

# SECONDS NAME...: TERM to all of them and to their process groups, and after that time KILL to what is left.
end() {
  local patience=$1 name pid i
  shift
  for name in "$@"; do if pid=$(pid_of "$name"); then kill -TERM -- "-$pid" 2>/dev/null || true; fi; done
  for ((i = 0; i < patience * 20; i++)); do
    for name in "$@"; do if alive "$name"; then sleep .05; continue 2; fi; done
    break
  done
  for name in "$@"; do
    if pid=$(pid_of "$name"); then
      kill -KILL -- "-$pid" 2>/dev/null || true
      while alive "$name"; do sleep .05; done
    fi
    rm -f "$DIR/run/$name.pid"
  done
}

# SECONDS NAMES COMMAND...: until the command succeeds; fails, with the ends of the logs, when one of the processes ends or time is up.
await() {
  local seconds=$1 names=$2 name i
  shift 2
  for ((i = 0; i < seconds * 5; i++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    for name in $names; do alive "$name" || break 2; done
    sleep .2
  done
  for name in $names; do
    echo "$name $(alive "$name" && echo 'is not ready' || echo 'has ended'):" >&2
    tail -n 20 "$DIR/log/$name.log" >&2
  done
  return 1
}

free_ports() {
  node -e '
    const servers = Array.from({ length: Number(process.argv[1]) }, () => require("net").createServer().listen(0, "127.0.0.1"));
    setImmediate(() => { console.log(servers.map((s) => s.address().port).join(" ")); servers.forEach((s) => s.close()); });' "$1"
}
