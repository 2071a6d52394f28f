#!/bin/sh
# WHAT: `${V+"$V"}` (the value of V, quoted, where V is set) is one word outside of double quotes, and the bare value inside
#       of double quotes and in a here-document: the inner quotes are never seen, on dash, bash, busybox ash, mksh and zsh.
#       In a here-document, where quotes are literal otherwise, one expects them to stay. `"$V"` alone keeps its quotes in a
#       here-document, and is split where it is put into double quotes.
# VERSION: dash 0.5.12, bash 5.2.15, busybox 1.35.0, mksh 59c, zsh 5.9 (Debian packages dash bash busybox mksh zsh)
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: a program that puts a value into a user's shell text needs one form that is right wherever the user wrote
#       the placeholder. With this one nobody has to follow quotes, and no value ever becomes code.
# Needs: dash, bash, busybox, mksh, zsh.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
for tool in dash bash busybox mksh zsh; do
  command -v "$tool" > /dev/null || { echo "missing: the Debian package $tool"; exit 2; }
done
dpkg-query -W -f '${Package} ${Version}\n' dash bash busybox mksh zsh 2> /dev/null
cat > "$folder/ours" <<'TEXT'
printf '[%s]' ${V+"$V"}; echo
printf '[%s]' "x ${V+"$V"} y"; echo
cat <<END
<${V+"$V"}>
END
TEXT
cat > "$folder/plain" <<'TEXT'
printf '[%s]' "x "$V" y"; echo
cat <<END
<"$V">
END
TEXT
printf '%s\n' '[a  $(b) *c]' '[x a  $(b) *c y]' '<a  $(b) *c>' > "$folder/ours.expected"
printf '%s\n' '[x a][$(b)][*c y]' '<"a  $(b) *c">' > "$folder/plain.expected"
changed=0
for shell in dash bash 'busybox sh' mksh zsh; do
  for form in ours plain; do
    # zsh splits as sh does only when it is called so
    case $shell in zsh) run='zsh --emulate sh' ;; *) run=$shell ;; esac
    (cd "$folder" && mkdir -p empty && cd empty && V='a  $(b) *c' $run "../$form" > ../said 2>&1)
    if cmp -s "$folder/said" "$folder/$form.expected"; then echo "$shell, $form: as expected"
    else echo "$shell, $form: CHANGED"; cat "$folder/said"; changed=1; fi
  done
done
cat "$folder/ours.expected"
exit "$changed"
