import { promiseHooks } from "node:v8";

const key = Symbol("skbook.origin");

type Tagged<T> = { [key]?: T | undefined };
type Callback = (...args: unknown[]) => unknown;

/** Globals that call back later, in the name of who called them. */
const schedulers = ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"] as const;

/**
 * Knows whose code is running, also when it goes on after an await, in a timer or in an event: late output belongs to
 * the cell that it comes from. AsyncLocalStorage knows this too, but with it Node 20 ends the process when code is
 * stopped by force.
 */
export class Origins<T extends object> {
  #current: T | undefined;

  constructor() {
    const leave = () => {
      this.#current = undefined;
    };
    promiseHooks.createHook({
      init: (promise) => {
        (promise as Tagged<T>)[key] = this.#current;
      },
      before: (promise) => {
        this.#current = (promise as Tagged<T>)[key];
      },
      after: leave,
    });
    for (const name of schedulers) this.#follow(name);
  }

  /** Whose code is running; undefined where nobody can say. */
  get current(): T | undefined {
    return this.#current;
  }

  /** Whose promise it is. */
  of(promise: Promise<unknown>): T | undefined {
    return (promise as Tagged<T>)[key];
  }

  /** Runs code in somebody's name. */
  run<R>(origin: T, code: () => R): R {
    const before = this.#current;
    this.#current = origin;
    try {
      return code();
    } finally {
      this.#current = before;
    }
  }

  /** Code of `origin` has been called by something that tells nothing of whom it works for, such as an event. */
  adopt(origin: T): void {
    if (this.#current !== undefined) return;
    this.#current = origin;
    queueMicrotask(() => this.forget());
  }

  /** What was running has ended without saying so: it threw, or was stopped. */
  forget(): void {
    this.#current = undefined;
  }

  #follow(name: (typeof schedulers)[number]): void {
    const schedule = globalThis[name] as unknown as Callback;
    const follow = (callback: unknown) => this.#bind(callback);
    const followed = function (this: unknown, callback: unknown, ...rest: unknown[]) {
      return schedule.call(this, follow(callback), ...rest);
    };
    // What `util.promisify` looks for is among the properties.
    Object.defineProperties(followed, Object.getOwnPropertyDescriptors(schedule));
    Object.assign(globalThis, { [name]: followed });
  }

  /** The callback, called in the name of who runs now. One that throws is reported in that name, too. */
  #bind(callback: unknown): unknown {
    const origin = this.#current;
    if (origin === undefined || typeof callback !== "function") return callback;
    const origins = this;
    return function (this: unknown, ...args: unknown[]) {
      origins.#current = origin;
      callback.apply(this, args);
      origins.#current = undefined;
    };
  }
}
