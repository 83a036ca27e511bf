/** Shells that completion is written for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** One of them. */
export type ShellName = (typeof SHELLS)[number];

/** They ask the program itself, so they need not be made anew when it learns another word. */
export const SCRIPTS: Readonly<Record<ShellName, string>> = {
  bash: `# wharf completion for bash: source <(wharf completion bash)
_wharf() {
  local line cur kept="" before="\${COMP_LINE:0:COMP_POINT}"
  local -a words
  read -ra words <<< "$before"
  [[ $before == *[[:space:]] ]] && words+=("")
  cur="\${words[\${#words[@]}-1]}"
  # Colons are a break between words for bash, and none in references: what is before the last one stands already.
  [[ $COMP_WORDBREAKS == *:* && $cur == *:* ]] && kept="\${cur%:*}:"
  COMPREPLY=()
  while IFS=$'\\t' read -r line _; do
    COMPREPLY+=("\${line#"$kept"}")
  done < <(wharf __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _wharf wharf`,
  zsh: `#compdef wharf
# wharf completion for zsh: source <(wharf completion zsh), or as _wharf in a folder of $fpath
_wharf() {
  local -a found
  local word description
  while IFS=$'\\t' read -r word description; do
    found+=("\${word//:/\\\\:}\${description:+:$description}")
  done < <(wharf __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe 'wharf' found; else _files; fi
}
if [ "$funcstack[1]" = "_wharf" ]; then _wharf "$@"; else compdef _wharf wharf; fi`,
  fish: `# wharf completion for fish: wharf completion fish | source
function __wharf_complete
  set -l words (commandline -opc) (commandline -ct)
  wharf __complete -- $words[2..-1] 2>/dev/null
end
complete -c wharf -f -a '(__wharf_complete)'`,
};
