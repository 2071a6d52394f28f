import { quote, quotePath } from '../transport/quote.ts';

export interface PueueOptions {
  /** pueue's own configuration file, which says where its daemon listens; null for the user's default. */
  readonly config: string | null;
  /** The client, absolute, below `~/` or a name on PATH; null for `pueue`. */
  readonly path: string | null;
}

/**
 * A daemon that hangs (its disk is full, or it was stopped) makes its client wait for ever, and the command would keep
 * one of our few channels. It answers in milliseconds when it is well.
 */
const ANSWER_LIMIT_SECONDS = 10;

/**
 * The sh functions of the dialect (dialect.ts says what each prints).
 *
 * A task is always found by its label, which is the token, and its id used in the same shell: ids are re-used. The
 * environment of the client becomes that of the task, and stands in every later status: it is emptied but for what finds
 * the daemon and a program, and cut out of the status on the host. The job is started relative to its working
 * directory, so that no path has to survive pueue's second shell.
 */
export function pueueFunctions(options: PueueOptions, instance: string): string {
  const client = quotePath(options.path ?? 'pueue');
  const config = options.config === null ? '' : ` -c ${quotePath(options.config)}`;
  return `timeout=
! command -v timeout > /dev/null 2>&1 || timeout='timeout ${ANSWER_LIMIT_SECONDS}'
pq() {
  $timeout env -i PATH="$PATH" HOME="$HOME" \${USER:+USER="$USER"} \${LOGNAME:+LOGNAME="$LOGNAME"} \${LANG:+LANG="$LANG"} \\
    \${XDG_RUNTIME_DIR:+XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR"} \${XDG_CONFIG_HOME:+XDG_CONFIG_HOME="$XDG_CONFIG_HOME"} \\
    \${XDG_DATA_HOME:+XDG_DATA_HOME="$XDG_DATA_HOME"} ${client}${config} "$@" 2>&1
}
typed=${quote(`${client}${config}`)}
queue_read() { pueue_status "label%=mqi-${instance}-"; printf '%s\\n' "$tasks" | sed 's/^/queue /'; }
${FUNCTIONS}`;
}

const FUNCTIONS = `pueue_failed() { # CODE OUTPUT
  case "$1 $2" in
    124*) problem queue 'the pueue daemon does not answer: on the host, see its log and restart pueued' ;;
    127*) problem queue 'the host has no pueue on its PATH: set scheduler.path, then mqi doctor' ;;
    *'Did you start '*) problem queue 'the pueue daemon does not run: on the host, pueued -d (or systemctl --user start pueued)' ;;
    *deserialize*|*'unexpected but valid'*)
      problem queue 'the pueue client and daemon are of different versions: restart pueued, or set scheduler.path, then mqi doctor' ;;
    *'opening config file'*) problem queue 'the configuration file of pueue cannot be read: set scheduler.config, then mqi doctor' ;;
  esac
  problem queue "pueue ended with $1: $(pueue_said "$2")"
}
# the first line that says something, without its colours: the rest is a back-trace
pueue_said() { printf '%s\\n' "$1" | sed "s/$(printf '\\033')\\[[0-9;]*m//g; s/^ *[0-9]*: //; /^ *\\$/d; /^Error: *\\$/d" | sed -n 1p | cut -c 1-200; }
pueue_status() { # FILTER: sets \`tasks\` to the JSON without its environments
  said=$(pq status --json "$1" < /dev/null) || pueue_failed $? "$said"
  tasks=$(printf '%s\\n' "$said" | sed -n '/^{/,$p' | sed 's/"envs":{/\\
&/g' | sed -E 's/^"envs":[{]("([^"\\\\]|\\\\.)*":"([^"\\\\]|\\\\.)*",?)*[}]/"envs":{}/' | tr -d '\\n')
  case $tasks in '{"tasks":'*) ;; *) problem garbled 'what pueue says of its tasks cannot be read' ;; esac
}
pueue_tasks() { # sets \`mine\` to lines of ID CREATED STATE, one for each task with this token
  pueue_status "label=$token"
  mine=$(printf '%s\\n' "$tasks" | sed 's/"[0-9][0-9]*":{"id":/\\
&/g' | sed -n "s/^\\"[0-9]*\\":{\\"id\\":\\([0-9]*\\),\\"created_at\\":\\"\\([^\\" ]*\\)\\".*\\"label\\":\\"$token\\",\\"status\\":{*\\"\\([A-Za-z]*\\)\\".*/\\1 \\2 \\3/p")
  # false where this one task is told in a form that we do not know
  case $tasks in *'"label":"'"$token"'"'*) [ -n "$mine" ] ;; esac
}
pueue_same() { # what is known of the job must be so; without it, the first with the token
  set -- $mine; job_state=
  while [ $# -ge 3 ]; do
    if [ "\${job_id:-$1}" = "$1" ] && [ "\${job_created:-$2}" = "$2" ]; then
      job_id=$1 job_created=$2 job_state=$3
      return 0
    fi
    shift 3
  done
  job_id= job_created=
  return 1
}
ODD='what pueue says of its task cannot be read: see it by pueue status on the host'
queue_find() { pueue_tasks || later "$ODD"; job_id= job_created=; pueue_same || :; }
# a power cut may leave pueue without its groups: its status, which was asked just now, says so before anything is added
pueue_lacks_group() {
  case $queue in '' | *[\\"\\\\]*) return 1 ;; esac
  groups=$(printf '%s\\n' "$tasks" | sed -n 's/.*,"groups":{/,/p')
  case $groups in '' | *,"\\"$queue\\":{"*) return 1 ;; esac
}
pueue_no_group() {
  name=$queue
  case $queue in *[!A-Za-z0-9_.-]*) name=$(printf '%s\\n' "$queue" | sed "s/'/'\\\\\\\\''/g; s/^/'/; s/\\$/'/") ;; esac
  printf 'outcome blocked pueue has no group %s there (a power cut may have taken it): on the host, %s group add %s\\n' "$queue" "$typed" "$name"
}
queue_add() { # after queue_find
  if pueue_lacks_group; then pueue_no_group; return; fi
  said=$(pq add --stashed --print-task-id --label "$token" \${queue:+--group "$queue"} -w "$directory" -- "exec env MQI_TOKEN=$token sh ./job.sh" < /dev/null)
  code=$?
  # exit 1 is given after the fact as well, and exit 0 without the creation time: the look by label is what counts
  status=$( (pueue_tasks && printf 'looked\\n%s\\n' "$mine") )
  case $status in looked*) mine=\${status#looked} ;; *) printf 'outcome unknown %s\\n' "$(pueue_said "$said")"; return ;; esac
  if [ "$code" = 0 ] && pueue_same; then printf 'outcome created %s %s\\n' "$job_id" "$job_created"; return; fi
  set -- $mine
  case $said in
    # it went away in between: pueue has said no, and has nothing
    *[Gg]roup*"doesn't exist"*) if [ $# = 0 ]; then pueue_no_group; return; fi ;;
  esac
  printf 'outcome unknown %s\\n' "$(pueue_said "$said")"
}
queue_release() {
  pueue_tasks || { printf 'outcome blocked %s\\n' "$ODD"; return; }
  pueue_same || { printf 'outcome missing\\n'; return; }
  case $job_state in
    Stashed) ;;
    Locked) printf 'outcome blocked somebody edits its task in pueue\\n'; return ;;
    *) printf 'outcome released\\n'; return ;;
  esac
  # judged by what pueue says of the task afterwards: 3.4 says no to what is enqueued already
  said=$(pq enqueue "$job_id" < /dev/null)
  pueue_tasks || { printf 'outcome blocked %s\\n' "$ODD"; return; }
  pueue_same || { printf 'outcome missing\\n'; return; }
  case $job_state in
    Stashed | Locked) printf 'outcome blocked pueue does not enqueue it: %s\\n' "$(pueue_said "$said")" ;;
    *) printf 'outcome released\\n' ;;
  esac
}
pueue_remove() { # STATES: every task of the token that is in one of them; asked for confirmation, says yes
  pueue_tasks || :
  set -- "$1" $mine
  states=$1; shift
  while [ $# -ge 3 ]; do
    case " $states " in *" $3 "*) said=$(printf 'y\\n' | pq remove "$1") || : ;; esac
    shift 3
  done
}
queue_withdraw() { pueue_remove 'Stashed Queued'; }
queue_forget() {
  pueue_remove 'Stashed Queued Done'
  pueue_tasks || later "$ODD"
  [ -z "$mine" ] || later "pueue still has its task: $mine"
}`;
