// One request on its way through a fault proxy: answered in place, held back, passed on, or lost.
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { type Agent, request as ask } from 'node:https';
import { type Fault, type Passed, refusal, shifted } from './fault-answers.ts';

export interface Rule {
  readonly match: RegExp;
  readonly fault: Fault | 'lost';
  left: number;
}

/** All that the faults change while requests pass. */
export interface State {
  /** The API server behind. */
  readonly server: string;
  readonly agent: Agent;
  readonly passed: Passed[];
  readonly rules: Rule[];
  readonly watches: Set<Watch>;
  delayMs: number;
  delayed: RegExp;
  shiftMs: number;
  forbidden: boolean;
  running: number;
  most: number;
}

interface Watch {
  readonly response: Http2ServerResponse;
  muted: boolean;
}

/** Passes one request on, or does with it what the faults say. */
export async function pass(
  state: State,
  asked: Http2ServerRequest,
  response: Http2ServerResponse,
): Promise<void> {
  const isWatch = /[?&]watch=/.test(asked.url);
  const entry: Passed = { method: asked.method, path: asked.url, at: Date.now(), status: 0 };
  state.passed.push(entry);
  const body: Buffer[] = [];
  for await (const part of asked) body.push(part as Buffer);
  if (!isWatch) {
    state.running += 1;
    state.most = Math.max(state.most, state.running);
    response.once('close', () => {
      state.running -= 1;
    });
  }
  const line = `${asked.method} ${asked.url}`;
  if (state.delayMs > 0 && state.delayed.test(line))
    await new Promise((done) => setTimeout(done, state.delayMs));
  const rule = state.rules.find(({ match, left }) => left > 0 && match.test(line));
  if (rule) rule.left -= 1;
  const fault = isWatch && state.forbidden ? refusal(asked.url) : rule?.fault;
  if (fault && fault !== 'lost') return answer(response, fault, entry);
  forward(state, { asked, response, body: Buffer.concat(body), isWatch, entry, fault });
}

function answer(response: Http2ServerResponse, fault: Fault, entry: Passed): void {
  entry.status = fault.status;
  response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
  response.end(JSON.stringify(fault.body ?? { kind: 'Status', code: fault.status }));
}

interface Exchange {
  readonly asked: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  readonly body: Buffer;
  readonly isWatch: boolean;
  readonly entry: Passed;
  readonly fault: 'lost' | undefined;
}

function forward(state: State, exchange: Exchange): void {
  const { asked, response, body, isWatch, entry, fault } = exchange;
  const headers = Object.entries(asked.headers).filter(
    ([name]) => !/^(:|connection$|host$|accept-encoding$|content-length$)/.test(name),
  );
  const options = {
    method: asked.method,
    agent: state.agent,
    headers: Object.fromEntries(headers),
  };
  const sent = ask(new URL(asked.url, state.server), options, (from) => {
    entry.status = from.statusCode ?? 0;
    if (fault === 'lost') return void from.resume().on('end', () => breakOff(exchange));
    const names = ['content-type', 'retry-after', 'warning', 'date', 'audit-id'];
    for (const name of names) {
      const value = from.headers[name];
      if (value !== undefined) response.setHeader(name, shifted(`${value}`, state.shiftMs));
    }
    response.writeHead(entry.status);
    const watch: Watch = { response, muted: false };
    if (isWatch) state.watches.add(watch);
    let rest = Buffer.alloc(0);
    from.on('data', (part: Buffer) => {
      if (watch.muted || response.writableEnded) return;
      if (state.shiftMs === 0) return void response.write(part);
      // Times are only moved in whole lines; a list is one.
      const all = Buffer.concat([rest, part]);
      const end = all.lastIndexOf('\n') + 1;
      rest = all.subarray(end);
      if (end > 0) response.write(later(all.subarray(0, end), state));
    });
    from.on('end', () => watch.muted || response.end(later(rest, state)));
    from.on('error', () => breakOff(exchange));
    response.once('close', () => {
      state.watches.delete(watch);
      sent.destroy();
    });
  });
  sent.on('error', () => breakOff(exchange));
  sent.end(body);
}

function later(bytes: Buffer, { shiftMs }: State): Buffer {
  return shiftMs === 0 ? bytes : Buffer.from(shifted(bytes.toString(), shiftMs));
}

/** The whole connection breaks, as it does when a machine dies. */
function breakOff({ asked, response }: Exchange): void {
  if (response.writableEnded) return;
  (response.stream?.session ?? asked.socket)?.destroy();
}
