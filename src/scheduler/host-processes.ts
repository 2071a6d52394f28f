/**
 * sh functions that find and end the processes of attempts (host-script.ts says what runs them).
 *
 *   scan       prints \`process PID TOKEN\` for all of this installation, \`stopped PID\` beside those that a signal has
 *              stopped, then \`scanned\` when it is sure to have looked
 *   pids TOKEN sets \`list\` to the process ids of one attempt, from two scans; ends the command when it cannot look
 *   end_processes TOKEN GRACE_TENTHS CLAIMED_PID
 *
 * A process is found by MQI_TOKEN in its environment or, where that was cleaned, by the session that its job opened.
 * Each batch of files also names grep's own, with a probe in its environment: a grep that cannot do what is asked, or a
 * /proc that hides everything, is noticed instead of reported as "no process". Session numbers are re-used: a leader
 * that started at another time than the claim says is a stranger's, and so is what started before it.
 */
export const PROCESSES = `scan() {
  {
    printf '%s' "$sessions"
    printf '%s\\n' /proc/[0-9]*/environ |
      MQI_TOKEN=mqi-$instance-probe xargs grep -azH "^MQI_TOKEN=mqi-$instance-" /proc/self/environ 2> /dev/null | tr '\\000' '\\n'
    printf '%s\\n' /proc/[0-9]*/stat |
      xargs grep -azHoE '\\) [A-Za-z]( -?[0-9]+){19}' /proc/self/stat 2> /dev/null | tr '\\000' '\\n'
  } | awk -v me="$$" '
    /^session / { if (!($2 in owner) || $3 + 0 > began[$2] + 0) { owner[$2] = $4; began[$2] = $3 } next }
    /^\\/proc\\/self\\/environ:/ { environs = 1; next }
    /^\\/proc\\/self\\/stat:/ { stats = 1; next }
    /^\\/proc\\/[0-9]+\\/environ:MQI_TOKEN=/ { split($0, part, "/"); sub(/^[^=]*=/, ""); token[part[3]] = $0; next }
    /^\\/proc\\/[0-9]+\\/stat:\\)/ {
      split($1, part, "/"); pid = part[3]
      if ($2 !~ /[ZXx]/ && pid != me) { session[pid] = $5; start[pid] = $21; state[pid] = $2 }
      next
    }
    END {
      for (pid in session) {
        s = session[pid]
        if (pid in token) of = token[pid]
        else if (s in owner && start[pid] + 0 >= began[s] + 0 && (!(s in start) || start[s] == began[s])) of = owner[s]
        else continue
        print "process " pid " " of
        if (state[pid] ~ /[Tt]/) print "stopped " pid
      }
      if (environs && stats) print "scanned"
    }'
}
sure() { case $1 in *scanned) ;; *) problem garbled 'the processes of this host cannot be looked through (grep, xargs, awk, /proc)' ;; esac; }
pids() { # none are left when two scans say so: a process that forked and ended during the one is in the other
  found=$(scan); sure "$found"
  [ -n "$(of_token "$1")" ] || { found=$(scan); sure "$found"; }
  list=$(of_token "$1")
}
of_token() { printf '%s\\n' "$found" | sed -n "s/^process \\([0-9]*\\) $1\\$/\\1/p" | sort -u; }
send() { # SIGNAL BUT_NOT: the claimed shell is left to last, so that it can still write how its payload ended
  for pid in $list; do [ "$pid" = "$2" ] || kill -s "$1" "$pid" 2> /dev/null; done
}
lives() { # PID [START_TICKS]: a zombie does not
  stat=
  { IFS= read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 1
  start=\${2-}
  set -- \${stat##*) }
  case \${1-} in [ZXx]) return 1 ;; esac
  [ -z "$start" ] || [ "\${20-}" = "$start" ]
}
clock() { # tenths of a second since the host was booted: no step of its wall clock shortens a grace
  up=
  { IFS=' ' read -r up more < /proc/uptime; } 2> /dev/null
  case $up in *.??) up=\${up%?}; tenths=\${up%.*}\${up#*.} ;; *) tenths=$(date +%s)0 ;; esac
}
await_none() { # TOKEN TENTHS: by the clock, however long a scan takes; one scan a second, or when all seem to have left
  clock; limit=$((tenths + $2))
  while pids "$1"; [ -n "$list" ]; do
    clock; [ "$tenths" -lt "$limit" ] || return 0
    second=$((tenths + 10))
    [ "$second" -le "$limit" ] || second=$limit
    while [ "$tenths" -lt "$second" ]; do
      nap; clock
      for pid in $list; do ! lives "$pid" || continue 2; done
      break
    done
  done
}
end_processes() {
  pids "$1"; [ -n "$list" ] || return 0
  # a stopped process would get its TERM only when somebody lets it go on
  send TERM none; send CONT none
  await_none "$1" "$2"; [ -n "$list" ] || return 0
  send KILL "$3"
  await_none "$1" 10
  tries=0
  while [ -n "$list" ] && [ "$tries" -lt 10 ]; do
    send KILL none; await_none "$1" 10; tries=$((tries + 1))
  done
}
alone() { # TOKEN is stopped by one script at a time; the mark of one that was killed counts for nothing
  [ "$there" = present ] || return 0
  mark=$directory/end.stop.$self
  # a disk that is full has no room for a mark: two stops do each other no harm, they only make work
  { printf '' > "$mark"; } 2> /dev/null || return 0
  trap 'rm -f "$mark"' EXIT
  patience=10
  while other= younger=no; for found in "$directory"/end.stop.*; do stops "$found"; done; [ -n "$other" ]; do
    # of two that begin at once the older goes on when the younger has left
    [ "$younger" = no ] && [ "$patience" -gt 0 ] || later "another stop of it is at work on the host (process $other)"
    nap; patience=$((patience - 1))
  done
}
stops() { # MARK: sets \`other\` when the script that made it is at work
  [ "$1" != "$mark" ] || return 0
  name=\${1#"$directory/end.stop."}
  ticks=\${name##*.}; name=\${name%.*}; pid=\${name##*.}; name=\${name%.*}; where=\${name##*.}; name=\${name%.*}
  if [ "\${name##*.} $where" = "$boot $namespace" ]; then
    if lives "$pid" "$ticks"; then
      other=$pid
      [ "$ticks" -gt "$began" ] || { [ "$ticks" = "$began" ] && [ "$pid" -gt $$ ]; } || younger=yes
    else rm -f "$1"; fi
  elif [ "\${name%.*}" = "$node" ]; then rm -f "$1"; fi
}`;
