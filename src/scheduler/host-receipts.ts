/**
 * sh functions for the receipts of an attempt (host-script.ts says what runs them).
 *
 *   receipt FILE          sets \`state\` (absent, odd, whole) and \`text\` (its first line)
 *   take DIRECTORY LINE   tries to make LINE the claim there, durably; \`receipt\` then says whose it is
 *   facts TOKEN           prints what lies in the attempt's directory, and notes the claim's session for \`scan\`
 */
export const RECEIPTS = `count=0
receipt() {
  state=absent text=
  [ -e "$1" ] || [ -L "$1" ] || return 0
  state=odd
  { IFS= read -r text && state=whole && { IFS= read -r more || [ -n "$more" ]; } && state=odd; } 2> /dev/null < "$1"
  return 0
}
attempt() { # TOKEN: where it lies; a directory that cannot be searched hides its receipts
  directory=$root/attempts/$1
  [ ! -d "$directory" ] || [ -x "$directory" ] || problem garbled "$directory cannot be searched"
}
take() {
  count=$((count + 1)) mine=$1/claim.$self.$count
  if [ ! -e "$1/claim" ] && { printf '%s\\n' "$2" > "$mine"; } 2> /dev/null; then
    receipt "$mine"
    # a file cut by a full disk must never become the claim
    if [ "$state" = whole ] && [ "$text" = "$2" ]; then flush "$mine"; ln "$mine" "$1/claim" 2> /dev/null; fi
  fi
  rm -f "$mine" 2> /dev/null
  # whose claim it is does not matter: before anybody relies on it, it must outlive a power cut
  [ ! -e "$1/claim" ] || flush "$1/claim" "$1"
}
facts() {
  attempt "$1"
  there=absent manifest=absent script=absent
  if [ -d "$directory" ]; then
    there=present
    [ ! -f "$directory/manifest" ] || manifest=present
    [ ! -f "$directory/job.sh" ] || script=present
  fi
  printf 'token %s %s %s %s\\n' "$1" "$there" "$manifest" "$script"
  receipt "$directory/claim"
  claim_state=$state claim_text=$text
  printf 'claim %s %s\\n' "$state" "$text"
  note_session "$1"
  receipt "$directory/end"
  end_state=$state
  printf 'end %s %s\\n' "$state" "$text"
}
sessions= claimed=none
note_session() { # TOKEN: pids and session numbers mean something on their own node, boot and pid namespace only
  [ "$claim_state" = whole ] || return 0
  set -f; set -- "$1" $claim_text; set +f
  [ $# = 10 ] && [ "$2 $3 $4 $5" = "job $node $boot $namespace" ] || return 0
  claimed=$7
  [ "$8" != - ] || return 0
  sessions="\${sessions}session $8 $9 $1
"
}`;
