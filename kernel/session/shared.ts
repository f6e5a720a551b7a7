/** What the main thread is doing, as far as it matters to someone who wants to stop it. */
const phases = ["idle", "compiling", "sync", "async"] as const;
export type Phase = (typeof phases)[number];

const slots = {
  arrivals: 0,
  interrupts: 1,
  ended: 2,
  beats: 3,
  phase: 4,
  closed: 5,
  stop: 6,
  unread: 7,
} as const;

/** So many orders may be on their way to the sockets. */
const maxUnread = 64;

/** A few numbers that both threads see at once, even while one of them is busy. */
export class Shared {
  readonly buffer: SharedArrayBuffer;
  readonly #slots: Int32Array;

  constructor(buffer = new SharedArrayBuffer(Object.keys(slots).length * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#slots = new Int32Array(buffer);
  }

  /** Number of the newest request on shell and control, counted from 1. */
  get arrivals(): number {
    return Atomics.load(this.#slots, slots.arrivals);
  }
  arrived(): number {
    return Atomics.add(this.#slots, slots.arrivals, 1) + 1;
  }

  /** Number of interrupts asked for, and of those whose cell has ended. */
  get interrupts(): number {
    return Atomics.load(this.#slots, slots.interrupts);
  }
  raised(): number {
    return Atomics.add(this.#slots, slots.interrupts, 1) + 1;
  }
  get ended(): number {
    return Atomics.load(this.#slots, slots.ended);
  }
  set ended(count: number) {
    Atomics.store(this.#slots, slots.ended, count);
  }

  /** Goes up while the main thread, told of an interrupt, still gets around to other things. */
  get beats(): number {
    return Atomics.load(this.#slots, slots.beats);
  }
  beat(): void {
    Atomics.add(this.#slots, slots.beats, 1);
  }

  /** Whether loops of cells are to end: the main thread does not return to its event loop. */
  get stop(): boolean {
    return Atomics.load(this.#slots, slots.stop) !== 0;
  }
  set stop(wish: boolean) {
    Atomics.store(this.#slots, slots.stop, wish ? 1 : 0);
  }

  get phase(): Phase {
    return phases[Atomics.load(this.#slots, slots.phase)] ?? "idle";
  }
  set phase(phase: Phase) {
    Atomics.store(this.#slots, slots.phase, phases.indexOf(phase));
  }

  /** Whether the main thread has sent as many orders as the sockets may have unread before it sends less. */
  get behind(): boolean {
    return Atomics.load(this.#slots, slots.unread) >= maxUnread;
  }
  orderSent(): void {
    Atomics.add(this.#slots, slots.unread, 1);
  }
  orderRead(): void {
    const left = Atomics.sub(this.#slots, slots.unread, 1) - 1;
    if (left === maxUnread / 2) Atomics.notify(this.#slots, slots.unread);
  }
  /** Waits until the sockets have read half of what they may have unread; not for long, in case they have ended. */
  waitUntilRead(milliseconds: number): void {
    for (;;) {
      const unread = Atomics.load(this.#slots, slots.unread);
      if (unread <= maxUnread / 2) return;
      if (Atomics.wait(this.#slots, slots.unread, unread, milliseconds) === "timed-out") return;
    }
  }

  /** The sockets are closed; the process may end. */
  close(): void {
    Atomics.store(this.#slots, slots.closed, 1);
    Atomics.notify(this.#slots, slots.closed);
  }
  waitUntilClosed(milliseconds: number): void {
    Atomics.wait(this.#slots, slots.closed, 0, milliseconds);
  }
}
