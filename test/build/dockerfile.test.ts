// What a Dockerfile takes from outside: a base that is overlooked would never be noticed as new.
import { describe, expect, test } from '@jest/globals';
import { readDockerfile } from '../../src/build/dockerfile.ts';

const bases = (text: string, args: Readonly<Record<string, string>> = {}) =>
  readDockerfile(text, args).bases;

describe('base images', () => {
  test('of every stage, once, without stages and scratch', () => {
    const text = `FROM --platform=$BUILDPLATFORM node:24 AS build
RUN npm ci
FROM build AS test
FROM scratch
COPY --from=build /app /app
COPY --chown=1 --from=0 /x /x
from nginx@sha256:${'a'.repeat(64)} as last
`;
    expect(bases(text)).toEqual([`nginx@sha256:${'a'.repeat(64)}`, 'node:24']);
  });

  test('of COPY --from, RUN --mount and the syntax line', () => {
    const text = `# syntax=docker/dockerfile:1
FROM scratch
COPY --from=busybox:1 /bin/sh /sh
RUN --mount=type=bind,from=golang:1.26,target=/go --mount=type=cache,target=/c true
`;
    expect(bases(text)).toEqual(['busybox:1', 'docker/dockerfile:1', 'golang:1.26']);
  });

  test('whose name is filled in', () => {
    const text = `ARG VERSION=22
ARG BASE="node:\${VERSION}"
ARG REGISTRY
FROM \${REGISTRY:-docker.io}/\${BASE}-slim
FROM node:$VERSION\${REGISTRY:+-x}
`;
    expect(bases(text)).toEqual(['docker.io/node:22-slim', 'node:22']);
    expect(bases(text, { VERSION: '24' })).toEqual(
      ['docker.io/node:22-slim', 'node:24'].map((each) =>
        each.replace('node:22-slim', 'node:24-slim'),
      ),
    );
  });

  test('not of comments, continued lines and here-documents', () => {
    const text = `FROM scratch
# FROM commented
RUN echo \\
  # in between
  FROM continued
COPY <<EOF /Dockerfile
FROM quoted
EOF
RUN <<-"END"
FROM other
	END
FROM last
`;
    expect(bases(text)).toEqual(['last']);
  });
});

describe('what nobody can know before a build', () => {
  test.each([
    ['FROM $BASE', /BASE/],
    ['FROM node:${A%x}', /A/],
    ['FROM scratch\nADD https://example.com/x.tgz /', /example\.com/],
    ['FROM scratch\nADD git@github.com:a/b.git /', /github/],
  ])('%s', (text, why) => expect(readDockerfile(text, {}).unknown).toMatch(why));

  test('a checksum makes it known', () => {
    const text = 'FROM scratch\nADD --checksum=sha256:00 https://example.com/x.tgz /';
    expect(readDockerfile(text, {}).unknown).toBeUndefined();
  });
});
