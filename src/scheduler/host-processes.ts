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
pids() { # two scans: a process that forked and ended during the one is in the other
  once=$(scan); sure "$once"
  twice=$(scan); sure "$twice"
  list=$(printf '%s\\n%s\\n' "$once" "$twice" | sed -n "s/^process \\([0-9]*\\) $1\\$/\\1/p" | sort -u)
}
send() { # SIGNAL BUT_NOT: the claimed shell is left to last, so that it can still write how its payload ended
  for pid in $list; do [ "$pid" = "$2" ] || kill -s "$1" "$pid" 2> /dev/null; done
}
await_none() { # TOKEN TENTHS
  tenths=$2
  while pids "$1" && [ -n "$list" ] && [ "$tenths" -gt 0 ]; do nap; tenths=$((tenths - 1)); done
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
    send KILL none; nap; pids "$1"; tries=$((tries + 1))
  done
}`;
