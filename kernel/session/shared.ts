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
  prints: 7,
} as const;

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

  /** Number of printed texts that the main thread has sent and the sockets have not read yet. */
  get unreadPrints(): number {
    return Atomics.load(this.#slots, slots.prints);
  }
  printSent(): void {
    Atomics.add(this.#slots, slots.prints, 1);
  }
  printRead(): void {
    Atomics.sub(this.#slots, slots.prints, 1);
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
