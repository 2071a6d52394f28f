import { pueueFunctions } from '../../scheduler/pueue-commands.ts';
import type { PueueOptions } from '../../scheduler/pueue-commands.ts';
import { quotePath } from '../../transport/quote.ts';
import { DONE, SAY } from './host-lines.ts';

/** One survey at pueue, through the very client call (`pq`) of the daemon. It asks for no task, and changes nothing. */
export function pueueScript(options: PueueOptions): string {
  return [
    SAY,
    // the name is in no token: no task is told of
    pueueFunctions(options, 'doctor'),
    `client=$(command -v ${quotePath(options.path ?? 'pueue')} 2> /dev/null)`,
    `file=${options.config === null ? '${XDG_CONFIG_HOME:-$HOME/.config}/pueue/pueue.yml' : quotePath(options.config)}`,
    PLACES,
    `if [ -n "$client" ]; then\n${CLIENT}\nelse\n${ELSEWHERE}\nfi`,
    DONE,
  ].join('\n');
}

/**
 * Who lingers has user services that outlive the logout. Asked for in the file that systemd keeps: its bus is not there
 * for every login.
 */
const PLACES = `uid=$(id -u) user=$(id -un)
say user "$user"
say path "$PATH"
say config "$file"
if [ -r "$file" ]; then
  say confirm "$(sed -n 's/^ *show_confirmation_questions: *\\([a-z]*\\).*/\\1/p' "$file")"
fi
say xdg "\${XDG_RUNTIME_DIR-}"
if has loginctl && [ -d /run/systemd/system ]; then
  if [ -e "/var/lib/systemd/linger/$user" ]; then say linger yes; else say linger no; fi
fi
for unit in "$HOME/.config" /etc /usr/local/lib /usr/lib /lib; do
  if [ -e "$unit/systemd/user/pueued.service" ]; then say unit "$unit/systemd/user/pueued.service"; break; fi
done`;

const ELSEWHERE = `for other in "$HOME/.cargo/bin/pueue" "$HOME/.local/bin/pueue" "$HOME/bin/pueue" /usr/local/bin/pueue /opt/pueue/bin/pueue; do
  [ ! -x "$other" ] || say elsewhere "$other"
done`;

/** The daemons are looked for only when none answers: which there are, of which version, and where they listen. */
const CLIENT = `say client "$client"
server=\${client%/*}/pueued
[ -x "$server" ] || server=$(command -v pueued 2> /dev/null)
say server "$server"
say version "$(pq --version < /dev/null)"
said=$(pq status --json 'label=mqi-doctor' < /dev/null); code=$?
if [ "$code" = 0 ]; then
  say status "$(printf '%s\\n' "$said" | sed -n '/^{/,$p' | tr -d '\\n')"
  # only a command whose answer is for people tells of a daemon of another version
  say detected "$(pq group < /dev/null | sed -n "s/.*Different daemon version detected '\\([^']*\\)'.*/\\1/p")"
else
  case "$code $said" in
    124*) trouble=silent ;;
    126*|127*) trouble=client ;;
    *'Did you start '*) trouble=down ;;
    *deserialize*|*'unexpected but valid'*) trouble=version ;;
    *'opening config file'*) trouble=config ;;
    *) trouble=other ;;
  esac
  say trouble "$trouble $(pueue_said "$said")"
  for process in /proc/[0-9]*; do
    { IFS= read -r name < "$process/comm"; } 2> /dev/null || continue
    [ "$name" = pueued ] && [ "$(ls -ldn "$process" | awk '{ print $3 }')" = "$uid" ] || continue
    version=$(limited "$process/exe" --version 2> /dev/null < /dev/null)
    named=$(tr '\\000' '\\n' < "$process/cmdline" | sed -n '/^\\(-c\\|--config\\)$/{n;p;q;}' 2> /dev/null)
    runtime=$(tr '\\000' '\\n' < "$process/environ" 2> /dev/null | sed -n 's/^XDG_RUNTIME_DIR=//p')
    say running "\${process#/proc/} \${version##* } \${named:--}"
    say running_runtime "\${runtime:--}"
  done
fi`;
