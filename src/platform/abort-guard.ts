// Aborts a request over HTTP/2 without harm to the process or to other requests (docs/cancellation.md).
import type { Dispatcher } from 'undici';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/**
 * For `compose` of an HTTP/2 client. An aborted request rejects at once with
 * the reason. A stream without a body is reset. One with a body continues to its end and its answer
 * is dropped: undici's `close()` and `destroy()` of such a stream make Node send empty frames for ever.
 */
export const guardedAborts: Dispatcher.DispatcherComposeInterceptor = (dispatch) =>
  function guarded(options, handler) {
    return dispatch(options, new AbortGuard(handler, Boolean(options.body)));
  };

class AbortGuard implements Handler {
  readonly #handler: Handler;
  readonly #hasBody: boolean;
  #controller: Controller | undefined;
  #left = false;

  constructor(handler: Handler, hasBody: boolean) {
    this.#handler = handler;
    this.#hasBody = hasBody;
  }

  // Until this returns there is no stream: a request that was aborted while queued is not sent.
  onRequestStart(controller: Controller, context: unknown): void {
    let sent = false;
    this.#controller = {
      ...passedOn(controller),
      abort: (reason) => (sent ? this.#leave(controller, reason) : controller.abort(reason)),
    };
    this.#handler.onRequestStart?.(this.#controller, context);
    sent = true;
  }

  onResponseStart(controller: Controller, ...answer: ResponseStart): void {
    if (!this.#left) this.#handler.onResponseStart?.(this.#mine(controller), ...answer);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (!this.#left) this.#handler.onResponseData?.(this.#mine(controller), chunk);
  }

  onResponseEnd(controller: Controller, trailers: Trailers): void {
    if (!this.#left) this.#handler.onResponseEnd?.(this.#mine(controller), trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    if (!this.#left) this.#handler.onResponseError?.(this.#mine(controller), error);
  }

  #mine(controller: Controller): Controller {
    return this.#controller ?? controller;
  }

  #leave(controller: Controller, reason: Error): void {
    if (this.#left) return;
    this.#left = true;
    this.#handler.onResponseError?.(this.#mine(controller), reason);
    // The rest is read, so that the connection's flow-control window is released.
    if (this.#hasBody) controller.resume();
    else controller.abort(new GivenUp());
  }
}

/** With any other code, undici fails all queued requests with the same error. */
class GivenUp extends Error {
  readonly code = 'UND_ERR_INFO';

  constructor() {
    super('given up');
  }
}

type ResponseStart =
  Parameters<NonNullable<Handler['onResponseStart']>> extends [unknown, ...infer Rest]
    ? Rest
    : never;
type Trailers = Parameters<NonNullable<Handler['onResponseEnd']>>[1];

/** What undici's `request` expects of a controller. */
function passedOn(controller: Controller): Omit<Controller, 'abort'> {
  return {
    aborted: false,
    paused: false,
    reason: null,
    pause: () => controller.pause(),
    resume: () => controller.resume(),
  };
}
