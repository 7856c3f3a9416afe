// The codes of scans, with their meaning and the hint where nothing more precise is known.

export const scanCodes = {
  'image-vulnerable': [
    'A scan found problems in an image at a severity that was asked for.',
    'Update what is named, or accept it in .trivyignore.yaml with statement and expired_at.',
  ],
  'manifest-insecure': [
    'A scan found weak settings in a manifest or Dockerfile at a severity that was asked for.',
    'Correct the field that is named, or accept its id in .trivyignore.yaml.',
  ],
  'scan-failed': [
    'The scanner could not do its work.',
    'Read what the scanner says; run it again if that is passing.',
  ],
  'vulnerability-database-unavailable': [
    'The scanner has no vulnerability database, or only an old one.',
    'Run it again later, or name a mirror that the runner reaches in trivy-db-repository.',
  ],
  'exception-expiring': [
    'An entry of .trivyignore or .trivyignore.yaml has ended, ends soon, or never ends.',
    'Fix what it accepts, or look at it again and set a later day.',
  ],
} as const;
