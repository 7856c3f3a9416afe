import { fileURLToPath } from 'node:url';
import type { NextConfig } from 'next';

const config: NextConfig = {
  // One folder that runs by `node server.js`, with nothing to install.
  output: 'standalone',
  outputFileTracingRoot: fileURLToPath(new URL('.', import.meta.url)),
  poweredByHeader: false,
  // No server to optimise images with on a read-only disk, and no images to optimise.
  images: { unoptimized: true },
};

export default config;
