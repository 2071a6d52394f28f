/**
 * sh functions for the receipts of an attempt (host-script.ts says what runs them). *Hidden* is what nobody can tell of:
 * it is never taken for absent, and speaks for its own attempt alone.
 *
 *   attempt TOKEN         sets `directory`, and `there` to absent, present or hidden (then `why` says what hides it)
 *   weigh TOKEN…          notes which of their receipts are far too long to be one: those are odd, and not read
 *   receipt FILE          sets `state` (absent, odd, whole, hidden) and `text` (its first line, or what is odd of it, or
 *                         what hides it)
 *   take DIRECTORY LINE   tries to make LINE the claim there, durably; `receipt` then says whose it is
 *   doubtful              prints the tokens of which something was noted in `doubted` that may be there all the same
 *   facts TOKEN           prints what lies in the attempt's directory, and notes the claim's session for `scan`
 */
export const RECEIPTS = `count=0
newline='
'
attempt() {
  directory=$root/attempts/$1 there=present why=
  # whatever it leads to is not ours to remove
  if [ -L "$directory" ]; then there=hidden why="$directory is a link, and not the directory that was made there"; return 0; fi
  if [ ! -d "$directory" ]; then
    if lacks "$directory"; then there=absent; return 0; fi
    if [ -n "$why" ]; then there=hidden; return 0; fi
    if [ ! -d "$directory" ]; then there=hidden why="$directory is not a directory"; return 0; fi
  fi
  [ -x "$directory" ] || { there=hidden; why="$directory cannot be searched by $(id -un)"; }
}
doubtful() {
  for doubt in \${doubted#.}; do
    { :; } < "$root/attempts/$doubt" && printf '/attempts/%s\\n' "$doubt"
  done 2>&1 |
    sed -n '/o such file$/d; /o such file or directory$/d; /: no such file or directory: /d; s,.*/attempts/\\(mqi-[a-z0-9-]*\\).*,\\1,p' | sort -u
}
large=
weigh() { # what a job wrote into a file of that name may be as long as a disk, and a shell reads it byte by byte
  [ $# -gt 0 ] || return 0
  large=$newline$(printf '%s\\n' "$@" | sed 's,$,/claim,p; s,claim$,end,' |
    { cd "$root/attempts" && xargs sh -c 'find -L "$@" -type f -size +16' sh; } 2> /dev/null)$newline
}
receipt() {
  state=absent text=
  if lacks "$1"; then return 0; fi
  if [ -n "$why" ]; then state=hidden text=$why; return 0; fi
  state=odd
  if [ ! -f "$1" ]; then
    if [ -d "$1" ]; then text='it is a folder'; elif [ -e "$1" ]; then text='it is no file'; else text='it is a link to nothing'; fi
    return 0
  fi
  case $large in *"$newline\${1#"$root/attempts/"}$newline"*) text='it is far too long'; return 0 ;; esac
  { IFS= read -r text && state=whole && { IFS= read -r more || [ -n "$more" ]; } && state=odd; } 2> /dev/null < "$1"
  [ "$state" = odd ] && [ -z "$text" ] || return 0
  if [ ! -s "$1" ]; then text='it is empty'; return 0; fi
  # nothing was read of a file that is not empty
  cat "$1" > /dev/null 2>&1 || { state=hidden; text="$1 cannot be read by $(id -un)"; }
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
  hides=$why manifest=absent script=absent
  claim_state=$there claim_text=$why end_state=$there end_text=$why
  if [ "$there" = present ]; then
    [ ! -f "$directory/manifest" ] || manifest=present
    [ ! -f "$directory/job.sh" ] || script=present
    receipt "$directory/claim"; claim_state=$state claim_text=$text
    receipt "$directory/end"; end_state=$state end_text=$text
    # of a job that has ended, or was claimed, these say nothing any more
    if [ "$manifest" = absent ] && ! lacks "$directory/manifest"; then
      manifest=present
      [ "$end_state" != absent ] || hides=\${why:-"$directory/manifest is not a file"}
    fi
    if [ "$script $claim_state" = 'absent absent' ] && ! lacks "$directory/job.sh"; then hides=\${hides:-$why}; fi
  elif [ "$there" = hidden ]; then manifest=present; fi
  printf 'token %s %s %s %s\\n' "$1" "$there" "$manifest" "$script"
  [ -z "$hides" ] || printf 'hidden %s\\n' "$hides"
  printf 'claim %s %s\\n' "$claim_state" "$claim_text"
  note_session "$1"
  printf 'end %s %s\\n' "$end_state" "$end_text"
}
sessions= claimed=none
note_session() { # TOKEN: pids and session numbers mean something in their own boot and pid namespace, whatever its name
  [ "$claim_state" = whole ] || return 0
  set -f; set -- "$1" $claim_text; set +f
  [ $# = 10 ] && [ "$2 $4 $5" = "job $boot $namespace" ] || return 0
  claimed=$7
  [ "$8" != - ] || return 0
  sessions="\${sessions}session $8 $9 $1
"
}`;
