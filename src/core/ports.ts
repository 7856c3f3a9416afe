// The ports: every side effect that the engine may use.
import type { Finding } from './errors.ts';
import type { Secret } from './secret.ts';

export interface RunOptions {
  /** Added to a minimal environment (PATH, HOME, proxies): a child process never inherits inputs or tokens. */
  readonly env?: Readonly<Record<string, string | Secret>>;
  readonly stdin?: string | Secret;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  /** The exit code; -1 when a signal or the time limit ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** Starts programs, never through a shell. */
export interface Shell {
  /**
   * At least the last MiB of `stderr` is kept, and of `stdout` with `onLine`. Throws ActionError
   * `tool-unavailable` if the program cannot be started, writes more than 64 MiB without `onLine`, or
   * 4 MiB in one line.
   */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** The absolute path of a program on PATH, if there is one. */
  which(program: string): Promise<string | undefined>;
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'HEAD' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string | Secret>>;
  readonly body?: string | Secret;
  /** Time limit of the whole request, milliseconds. Default 30 000. */
  readonly timeoutMs?: number;
  /**
   * `none` (default: credentials never follow a redirect), `same-host`, or `any-host` for public
   * files: headers are not forwarded, and https never becomes http.
   */
  readonly redirect?: 'none' | 'same-host' | 'any-host';
  /** Larger answers are an error. Default 16 MiB. */
  readonly maxBytes?: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Plain HTTPS. Retries 429 (Retry-After), 5xx and broken connections, capped and jittered, and
 * returns the last answer; throws `TransportError` if there was none. Respects proxy variables.
 */
export interface Http {
  send(request: HttpRequest): Promise<HttpResponse>;
}

/** A file or link in a folder's tree; `path` is relative, with `/`. */
export interface TreeEntry {
  readonly path: string;
  readonly kind: 'file' | 'link' | 'other';
  readonly executable: boolean;
  /** The target of a link, as written. */
  readonly target?: string;
}

export interface Files {
  /** UTF-8. Throws ActionError `input-invalid` if it is larger than 128 MiB, else the system's error. */
  read(path: string): Promise<string>;
  /** Regular files only, never through a link; parent folders are created. */
  write(path: string, text: string | Secret, mode?: number): Promise<void>;
  /** `file`, `folder`, `link`, `other`, or undefined if there is nothing. Does not follow links. */
  kind(path: string): Promise<'file' | 'folder' | 'link' | 'other' | undefined>;
  realPath(path: string): Promise<string>;
  list(folder: string): Promise<readonly string[]>;
  glob(pattern: string, root: string): Promise<readonly string[]>;
  /** Every file below a folder. A folder for which `enters` is false is skipped. */
  tree(folder: string, enters: (path: string) => boolean): Promise<readonly TreeEntry[]>;
  /** SHA-256 of a file's bytes, hexadecimal. */
  digest(path: string): Promise<string>;
  /** Makes `path` a symbolic link to `target`. */
  link(target: string, path: string): Promise<void>;
  makeTemp(prefix: string): Promise<string>;
  remove(path: string): Promise<void>;
}

export interface Clock {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What a person reads. Text from outside can never become a workflow command. */
export interface Log {
  info(line: string): void;
  debug(line: string): void;
  /** A folded group on GitHub, a heading on a terminal. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** An annotation on GitHub (error, warning or notice), a coloured line on a terminal. */
  annotate(finding: Finding): void;
  /** Registers the text with the runner's masker; nothing on a terminal. */
  mask(secret: Secret): void;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, from the API server's root. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called right before each attempt is sent; if it throws, the request fails. */
  readonly onStart?: () => void;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON, or the text if the answer is not JSON. */
  readonly body: unknown;
}

/**
 * One API server: one exchange per call, no retries (`cluster/api.ts` does those). Throws
 * `TransportError` if there is no answer.
 */
export interface Cluster {
  readonly server: string;
  /** The namespace of the kubeconfig's context. */
  readonly namespace: string | undefined;
  send(request: ApiRequest): Promise<ApiResponse>;
  /** Streams lines of JSON (a watch) over a connection of its own until it ends or is aborted. */
  stream(request: ApiRequest, onEvent: (event: unknown) => void): Promise<ApiResponse>;
  close(): Promise<void>;
}

/** No answer: refused, reset, timed out, name not found. `reason` is the system's code. */
export class TransportError extends Error {
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.name = 'TransportError';
    this.reason = reason;
  }
}

export interface GitHubResponse {
  readonly status: number;
  readonly data: unknown;
}

/**
 * GitHub's REST API for one token. Routes and parameters as its documents name them:
 * `GET /repos/{owner}/{repo}/deployments`. Any status is an answer; throws `TransportError` when
 * there is none.
 */
export interface GitHub {
  send(route: string, parameters: Readonly<Record<string, unknown>>): Promise<GitHubResponse>;
  /** The items of all pages, or the first answer that is not a page. */
  list(route: string, parameters: Readonly<Record<string, unknown>>): Promise<GitHubResponse>;
}

export interface Ports {
  readonly shell: Shell;
  readonly http: Http;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}
