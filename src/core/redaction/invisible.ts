// Invisible parts of a text: escape sequences, control characters, zero-width characters.

// Whole escape sequences (colours, titles, links), so that no fragment is left; C1
// forms too.
const sequence = [
  String.raw`(?:\x1b\[|\x9b)[0-?]*[ -\/]*[@-~]`,
  String.raw`(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\n\r]*(?:\x07|\x1b\\)?`,
  String.raw`\x1b[ -~]?`,
].join('|');
// Control characters except the tab, and invisible ones (`Cf`: zero width, direction; `DI`: variation
// selectors, fillers): the runner compares by culture and skips the invisible ones, so they could
// hide a command from us.
const all = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{DI}]`;
const breaks = String.raw`\n\r\x85\u2028\u2029`;

export const escapes = new RegExp(sequence, 'gv');
/** Line breaks too. */
export const invisible = new RegExp(`[${all}--\\t]`, 'gv');
/** Escape sequences and invisible characters, except tabs and line breaks. */
export const unseen = new RegExp(`${sequence}|[${all}--[\\t${breaks}]]`, 'gv');
