// Codes of secrets in places where none may be.

export const secretCodes = {
  'secret-in-output': [
    'An output would have held a secret.',
    'Take the value out of the secret inputs if it is none, or name things without it.',
  ],
} as const;
