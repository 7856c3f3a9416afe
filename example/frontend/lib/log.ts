// Logs are one JSON object a line on standard output, like the backend's.

export function log(level: 'info' | 'error', message: string, more: object = {}): void {
  const time = new Date().toISOString();
  process.stdout.write(
    `${JSON.stringify({ time, level, logger: 'frontend', message, ...more })}\n`,
  );
}
