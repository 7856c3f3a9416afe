import { describe, expect, test } from '@jest/globals';
import { finding } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { githubLog, terminalLog } from '../../src/platform/log.ts';
import { commandsIn } from '../support/platform/runner-commands.ts';
import { hostileLines } from '../support/report/outcomes.ts';

function recorded() {
  const written: string[] = [];
  return { write: (text: string) => void written.push(text), text: () => written.join('') };
}

/** Work that stops until it is told to go on. */
function gate() {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

describe('on GitHub', () => {
  test('no text becomes a command', async () => {
    const { write, text } = recorded();
    const log = githubLog(write);
    const all = hostileLines.join('\n');
    for (const line of [...hostileLines, all, all.replaceAll('\n', '\r')]) {
      log.info(line);
      log.info(`\u001b[0m ${line}`);
      log.info(`\u2003\ufeff${line}`);
    }
    await log.group(all, async () => log.info(all));
    log.debug(all);
    log.annotate(finding('crash-loop', all, { file: all, object: all, evidence: [all] }));
    const names = commandsIn(text()).filter((name) => name !== 'debug');
    expect(names).toEqual(['group', 'endgroup', 'error']);
    expect(text()).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  });

  test('an empty line stays one', () => {
    const { write, text } = recorded();
    githubLog(write).info('');
    expect(text()).toBe('\n');
  });

  test('annotations escape what the runner reads', () => {
    const { write, text } = recorded();
    const parts = {
      file: 'a,b:c%.yaml',
      line: 3,
      object: 'Job/x',
      hint: 'Fix: 100 %, then\nagain',
    };
    githubLog(write).annotate(finding('job-failed', 'Job/x, failed: 5 %', parts));
    expect(text()).toBe(
      '::error file=a%2Cb%3Ac%25.yaml,line=3,title=job-failed%3A Job/x::' +
        'Job/x, failed: 5 %25%0AFix: 100 %25, then%0Aagain\n',
    );
  });

  test('a remote manifest is named, not annotated as a file', () => {
    const { write, text } = recorded();
    const file = 'https://example.com/a.yaml';
    githubLog(write).annotate(finding('kind-unknown', 'unknown', { file, severity: 'note' }));
    expect(text()).toMatch(/^::notice title=kind-unknown::unknown/);
  });

  test('stops at ten of each severity', () => {
    const { write, text } = recorded();
    const log = githubLog(write);
    for (let each = 0; each < 12; each += 1) {
      log.annotate(finding('job-failed', `Job ${each}`));
      log.annotate(finding('job-failed', `Job ${each}`, { severity: 'warning' }));
    }
    const names = commandsIn(text());
    expect(names.filter((name) => name === 'error')).toHaveLength(10);
    expect(names.filter((name) => name === 'warning')).toHaveLength(10);
  });

  test('masks each line of a secret once, at once', async () => {
    const { write, text } = recorded();
    const log = githubLog(write);
    const key = new Secret('-----BEGIN PRIVATE KEY-----\r\n  MIIE%abc\n}\n\nlast==\n-----END');
    await log.group('first', async () => {
      await log.group('second', async () => log.mask(key));
      log.mask(key);
      log.mask(new Secret('pw\n'));
      log.mask(new Secret(''));
    });
    const masks = text().split('\n');
    expect(masks.filter((line) => line.startsWith('::add-mask::'))).toEqual([
      '::add-mask::MIIE%25abc',
      '::add-mask::last==',
      '::add-mask::pw',
    ]);
  });

  test('what was masked is printed nowhere else', () => {
    const { write, text } = recorded();
    const log = githubLog(write);
    log.mask(new Secret('s3cr%t:value'));
    log.info('password is s3cr%t:value.');
    log.debug('s3cr%t:value');
    log.annotate(finding('crash-loop', 's3cr%t:value', { evidence: ['s3cr%t:value'] }));
    expect(text().split('\n').slice(1).join('\n')).not.toMatch(/s3cr|value/);
  });
});

describe('groups', () => {
  test('side by side they do not mix', async () => {
    const { write, text } = recorded();
    const log = githubLog(write);
    const [first, second] = [gate(), gate()];
    const one = log.group('one', async () => {
      log.info('1a');
      await first.passed;
      log.info('1b');
    });
    const two = log.group('two', async () => {
      log.info('2a');
      await second.passed;
      log.info('2b');
    });
    const three = log.group('three', async () => log.info('3'));
    await three;
    first.open();
    await one;
    expect(text()).toBe('::group::one\n1a\n1b\n::endgroup::\n::group::two\n2a\n');
    second.open();
    await two;
    expect(text()).toBe(
      '::group::one\n1a\n1b\n::endgroup::\n' +
        '::group::two\n2a\n2b\n::endgroup::\n' +
        '::group::three\n3\n::endgroup::\n',
    );
  });

  test('a line from outside interrupts an open group', async () => {
    const { write, text } = recorded();
    const log = githubLog(write);
    const going = gate();
    const one = log.group('one', async () => {
      await going.passed;
      log.info('inside');
    });
    log.info('outside');
    going.open();
    await one;
    expect(text()).toBe(
      '::group::one\n::endgroup::\noutside\n::group::one, continued\ninside\n::endgroup::\n',
    );
  });

  test('an inner group is a heading, and an error ends the group', async () => {
    const { write, text } = recorded();
    const log = githubLog(write);
    const failing = log.group('outer', () =>
      log.group('inner', async () => {
        log.info('line');
        throw new Error('broken');
      }),
    );
    await expect(failing).rejects.toThrow('broken');
    log.info('after');
    expect(text()).toBe('::group::outer\ninner\nline\n::endgroup::\nafter\n');
  });

  test('work that outlives its group speaks outside', async () => {
    const { write, text } = recorded();
    const log = githubLog(write);
    const going = gate();
    let late = Promise.resolve();
    await log.group('one', async () => {
      late = going.passed.then(() => log.info('late'));
    });
    going.open();
    await late;
    expect(text()).toBe('::group::one\n::endgroup::\nlate\n');
  });
});

describe('on a terminal', () => {
  test('writes no command and no mask', async () => {
    const { write, text } = recorded();
    const log = terminalLog(write, { colour: false });
    log.mask(new Secret('topsecret'));
    await log.group('Tools', async () => log.info('kubectl is topsecret'));
    log.debug('not shown');
    log.annotate(finding('job-failed', 'Job/x failed', { file: 'a.yaml', line: 2 }));
    expect(text()).toBe('Tools\nkubectl is ***\n✗ job-failed: Job/x failed (a.yaml:2)\n');
  });

  test('colours are ours alone', () => {
    const { write, text } = recorded();
    const log = terminalLog(write, { colour: true });
    log.info('✓ done \u001b[31mred\u001b]0;title\u0007');
    log.info('plain');
    log.info('');
    expect(text()).toBe('\u001b[32m✓ done red\u001b[0m\nplain\n\n');
  });

  test('people read standard error when asked, debug lines too', () => {
    const [out, err] = [recorded(), recorded()];
    const log = terminalLog(out.write, { colour: false, stderr: err.write, verbose: true });
    log.info('a');
    log.debug('b');
    expect([out.text(), err.text()]).toEqual(['', 'a\nb\n']);
  });
});
