// Codes of secrets in places, and in forms, where none should be.

export const secretCodes = {
  'secret-in-output': [
    'An output would have held a secret.',
    'Take the value out of the secret inputs if it is none, or name things without it.',
  ],
  'secret-multiline': [
    'A secret has several lines, each of which GitHub masks by itself.',
    'Store it on one line: JSON by jq -c, everything else as base64.',
  ],
} as const;
