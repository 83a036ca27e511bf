/** Shells that completion is written for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** One of them. */
export type ShellName = (typeof SHELLS)[number];

/** They ask the program itself, so they need not be made anew when it learns another word. */
export const SCRIPTS: Readonly<Record<ShellName, string>> = {
  bash: `# wharf completion for bash: source <(wharf completion bash)
_wharf() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  # Colons are a break between words for bash, and none in references.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local words cword
    _get_comp_words_by_ref -n : cur words cword
  else
    local words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD
  fi
  while IFS=$'\\t' read -r line _; do
    COMPREPLY+=("$line")
  done < <(wharf __complete -- "\${words[@]:1:cword}" 2>/dev/null)
  declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$cur"
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
