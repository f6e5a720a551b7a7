import { isMeasuring } from "../../engine/lifecycle.js";
import type { Site } from "../../site.js";
import { type Bpf, type BpfValue, bpf, joined } from "../../text/bpf.js";
import { BpfMap } from "../../text/maps.js";
import { compareAt, compareIdentity, isFragment, readIdentity } from "./identity.js";

// A packet is followed by the memory that its headers stand in, sk_buff.head: clones share it. By head is known when it was seen last; at which stage,
// with flags; when first; the words that tell which packet it is, which are compared wherever it is seen, for its memory may have been given to another one; and, from the
// queue of the device that it goes out by, its sk_buff: clones of it that go elsewhere are left alone from there on.

/** Bits of the second word: the stage; that an upcall was made for it; that its addresses or ports were translated; that it is a copy in other memory of one that is known. Its number is behind them. */
export const stageBits = 31;
const [upcalled, translated] = [32, 64];
export const isCopy = 128;

export const followed = new BpfMap("on", false, 56);
/** Of a copy, by its memory, the memory that it was copied from. */
const originals = new BpfMap("of", false);
/** What waits for its answer from user space: where it was, when it was first seen, when the upcall was made, of a copy its original's memory, and its number where it has one. */
export const waiting = new BpfMap("up", false, 40);

const entry = followed.at(bpf`$head`);
const seen = bpf`$on`;
const known = { a: bpf`$on.3`, b: bpf`$on.4`, c: bpf`$on.5` };
const itsSkb = bpf`${seen}.6`;
const itsOriginal = originals.at(bpf`$head`);
/** A clone that goes elsewhere than the one that is followed. */
const isOther = bpf`${itsSkb} != 0 && ${itsSkb} != $skb`;
const itsWait = waiting.at(known.a, known.b, known.c);

/**
 * What becomes of packets:
 * - `started`: followed from where they came in;
 * - `repeated`: came in once more, and are still followed;
 * - `merged`: of the started, those that stand for several segments (GRO, TSO);
 * - `fragments`: came in, and are not followed, for what they are put together to is another packet;
 * - `unfollowed`: no room to follow it;
 * - `abandoned`: of the started, those that are followed no more: others of the same header wait for user space, or there is no room to wait;
 * - `unexpected`: seen where they go out, and not followed;
 * - `translated`: of those that went out, the ones whose addresses or ports had changed;
 * - `negative`: between two stages of which the second came first, by clocks of two CPUs; `backward` the same of the whole way;
 * - `completed`: went out; counted where what becomes of packets is counted by their numbers, else it follows from the times.
 */
const followCounters = [
  ...(["started", "repeated", "merged", "fragments", "unfollowed", "abandoned"] as const),
  ...(["unexpected", "translated", "negative", "backward", "completed"] as const),
] as const;
export type FollowCounter = (typeof followCounters)[number];

/**
 * By the stage that a packet was seen at last:
 * - `late`: its memory was given to one that came in, so that it has gone;
 * - `strayed`: where it should go out, its memory had another packet;
 * - `cut`: into segments or fragments, which are other packets.
 */
export const endings = ["late", "strayed", "cut"] as const;
export type Ending = (typeof endings)[number];

export const counterMap = (counter: FollowCounter) => new BpfMap(`n_${counter}`, true);
export const endingMap = (ending: Ending) => new BpfMap(`n_${ending}`, true);
const count = (counter: FollowCounter) => bpf`${counterMap(counter).at()} = count();`;
const lastStage = bpf`${seen}.1 & ${stageBits}`;

/** What is done with the times of a packet. `$ns` is the time, `$on` what is known of the packet. */
export interface Taking {
  /** It has come from one stage to the next. */
  passed(from: Bpf, to: BpfValue): Bpf;
  /** It has gone out. */
  completed(stage: number): Bpf;
  numbers?: Numbers;
}

/** A number that goes with each packet, of its own or of what it is one of. */
export interface Numbers {
  /** Statements that do what {@link set} needs, for a clause of their own in front of the one in which a packet comes in: that one has no room on its stack. */
  before?: Bpf;
  /** Statements that set `$number` where a packet comes in. */
  set: Bpf;
  /** The largest, of at most 22 bits. */
  max: number;
  /** Whether what becomes of packets is counted by it, too. */
  counted?: boolean;
}

/** Where the next stage is a return to where a packet comes in, by its last stage: it is the same packet, which has come in again. */
export interface ComesAgain {
  /** Stage before it comes in, on the same device. */
  before: number;
  /** Stages of devices that hand a packet back to the one that it came from. */
  after: readonly number[];
}

/** Which clauses the program has, beside those of stages. */
export interface Ways {
  /** That ask user space, and take its answers. */
  upcalls: boolean;
  /** That know when the headers of a packet get other memory. */
  copies: boolean;
}

/** Where its number begins in the second word. */
export const numberBit = 8;
/** The number of the packet that `$on` is known of. */
export const numberOf = ({ max }: Pick<Numbers, "max">): Bpf => bpf`(${seen}.1 >> ${numberBit} & ${max})`;

/** Statements that follow packets; all of them stand behind `$skb`, and end the clause of what they are not about. */
export class Following {
  private readonly numbers: Numbers | undefined;

  constructor(
    private readonly site: Site,
    /** IP versions that packets can have. */
    readonly versions: readonly (4 | 6)[],
    private readonly upcallStage: number,
    private readonly ways: Ways,
    private readonly taking: Taking,
  ) {
    this.numbers = taking.numbers;
  }

  /** Sets `$head` and what is known of its packet. */
  looks(): Bpf {
    return bpf`$head = ${this.site.read(bpf`$skb`, "sk_buff.head")}; ${seen} = ${entry};`;
  }

  /** The same, and leaves the clause unless the packet is followed. */
  looksFor(): Bpf {
    return bpf`${this.looks()}
  if (${seen}.0 == 0) { return; }`;
  }

  /** Whether a packet of this memory is followed, behind {@link looks}. */
  readonly isKnown: Bpf = bpf`${seen}.0 != 0`;

  /**
   * A packet comes in, as it mostly does, behind the stage that is before: nothing is parsed then. Any other is left to {@link begins}. What its data begins with is its
   * IP header there; the kernel has not noted where that is yet.
   */
  comesOn(stage: number, before: number): Bpf {
    return bpf`${this.looks()}
  if (${seen}.0 != 0 && (${lastStage}) == ${before}) {
    if (!${isMeasuring}) { return; }
    $net = ${this.site.read(bpf`$skb`, "sk_buff.data")};
    ${compareAt(known, this.versions)}
    if ($same == 1) { ${this.passes(stage)} return; }
  }`;
  }

  /** A packet, which has been parsed, comes in. */
  begins(stage: number, again: ComesAgain | null, merged: Bpf): Bpf {
    const returns = again === null ? [] : [again.before, ...again.after];
    const isOneOf = joined(
      returns.map((one) => bpf`$at == ${one}`),
      " || ",
    );
    const comesAgain =
      again === null
        ? bpf``
        : bpf`if ((${isOneOf}) && $a == ${known.a} && $b == ${known.b} && $c == ${known.c}) {
      if ($at != ${again.before}) { ${count("repeated")} }
      $same = 1; ${this.passes(stage)}
      return;
    }
    `;
    return bpf`if (!${isMeasuring}) { return; }
  $head = ${this.site.read(bpf`$skb`, "sk_buff.head")};
  ${readIdentity(this.versions, true)}
  if (${isFragment}) { ${count("fragments")} return; }
  ${seen} = ${entry}; $now = nsecs;
  if (${seen}.0 != 0) {
    $at = ${lastStage};
    ${comesAgain}${this.givesUp("late")}
  }
  ${
    this.numbers === undefined
      ? bpf``
      : bpf`${this.numbers.set}
  `
  }${entry} = ($now, (uint64)${this.numbered(bpf`${stage}`)}, $now, $a, $b, $c, (uint64)0);
  ${seen} = ${entry};
  if (${seen}.0 == 0) { ${count("unfollowed")} return; }
  ${this.counts("started", bpf`$number`)} ${merged}`;
  }

  /** What a clause in front of that of {@link begins} does with the packet that it has parsed; undefined where there is nothing to do. */
  get beforeBegins(): Bpf | undefined {
    return this.numbers?.before;
  }

  /** Counts a packet that begins and stands for several segments. */
  readonly merged: Bpf = count("merged");
  /** Counts a packet that goes out and is not followed. */
  readonly unexpected: Bpf = bpf`if (${isMeasuring}) { ${count("unexpected")} }`;

  /** A followed packet is seen at a stage, if it is still the same one. */
  sees(stage: BpfValue, bound = itsSkb): Bpf {
    return bpf`if (${isOther}) { return; }
  ${this.compares()}
  if ($same == 0) { return; }
  ${this.passes(stage, 0, bound)}`;
  }

  /** What {@link sees} takes as `bound` where the packet is in the queue of a device that it goes out by; else `$on.6`. */
  readonly bound: { here: Bpf; before: Bpf } = { here: bpf`$skb`, before: itsSkb };

  /** A followed packet goes out; `otherwise` is done for one that is not, or no more. */
  goesOut(stage: number, otherwise: Bpf): Bpf {
    return bpf`if (${seen}.0 != 0 && !(${isOther})) {
    ${this.compares()}
    $there = 1; ${this.findsOriginal()}
    if ($same != 0 && $there == 1) {
      $whole = ${seen}.2;
      ${this.takes(stage)}
      if ((${seen}.1 & ${translated}) != 0 || $same == 2) { ${count("translated")} }
      ${this.numbers?.counted ? this.counts("completed", numberOf(this.numbers)) : bpf``}if ($now < $whole) { ${count("backward")} } else { $ns = $now - $whole; ${this.taking.completed(stage)} }
      ${this.forgetsWait()} ${this.forgetsOriginal()}
      delete(${entry});
      return;
    }
    ${this.givesUp("strayed")}
    delete(${entry});
  }
  ${otherwise}`;
  }

  /** The memory of `$skb` is used for a new packet: what was followed in it has gone. */
  isNew(): Bpf {
    return bpf`if (${seen}.0 == 0) { return; }
  ${this.givesUp("late")}
  delete(${entry});`;
  }

  /** A followed packet is cut into others. */
  isCut(): Bpf {
    return bpf`if (${isOther}) { return; }
  ${this.compares()}
  if ($same == 0) { return; }
  $there = 1; ${this.findsOriginal()}
  if ($there == 1) { ${this.ends("cut")} ${this.forgetsWait()} ${this.forgetsOriginal()} }
  delete(${entry});`;
  }

  /** User space is asked what to do with a followed packet. */
  asks(): Bpf {
    const wait = waiting.at(bpf`$a`, bpf`$b`, bpf`$c`);
    return bpf`${this.compares()}
  if ($same == 0) { return; }
  $up = ${wait};
  if ($up.1 != 0) { if ($up.0 != $head) { ${this.abandons()} return; } }
  ${this.passes(this.upcallStage, upcalled)}
  $original = (uint64)0; ${this.ifCopy(bpf`$original = ${itsOriginal};`)}
  ${wait} = ($head, ${seen}.2, $now, $original${this.numbers === undefined ? bpf`` : bpf`, (uint64)${numberOf(this.numbers)}`});
  $up = ${wait};
  if ($up.1 == 0) { ${this.abandons()} }`;
  }

  /** User space sends a packet: a new one of the same bytes. `$net` is its network header. */
  answers(stage: number): Bpf {
    const wait = waiting.at(bpf`$a`, bpf`$b`, bpf`$c`);
    const old = followed.at(bpf`$before`);
    return bpf`${readIdentity(this.versions, false)}
  $up = ${wait};
  if ($up.1 == 0) { return; }
  $before = $up.0; $first = $up.1; $asked = $up.2; $original = $up.3; $flags = ${this.numbers === undefined ? bpf`0` : bpf`$up.4 << ${numberBit}`};
  delete(${wait});
  ${seen} = ${old};
  if (${seen}.3 == $a && ${seen}.4 == $b && ${seen}.5 == $c) {
    if ((${lastStage}) != ${this.upcallStage}) { return; }
    $flags = ${this.numbers === undefined ? bpf`${seen}.1 & ${translated}` : bpf`$flags | (${seen}.1 & ${translated})`};
    delete(${old});
  }
  $head = ${this.site.read(bpf`$skb`, "sk_buff.head")}; $now = nsecs;
  ${this.ways.copies ? bpf`if ($original != 0) { $flags = $flags | ${isCopy}; ${itsOriginal} = $original; }` : bpf``}
  ${entry} = ($asked, (uint64)(${this.upcallStage} | $flags), $first, $a, $b, $c, (uint64)0);
  ${seen} = ${entry};
  if (${seen}.0 == 0) { if ($original == 0) { ${this.counts("abandoned", bpf`$up.4`)} } return; }
  $same = 1; ${this.passes(stage)}`;
  }

  /** True where the memory of `$skb` is that of its clones, too, which keep it when its own gets a new one. */
  isShared(): Bpf {
    const info = bpf`($head + ${this.site.read(bpf`$skb`, "sk_buff.end")})`;
    return bpf`((${this.site.read(info, "skb_shared_info.dataref.counter")} & 0xffff) > 1 ? 1 : 0)`;
  }

  /**
   * `$skb`, which had its headers at `$before`, has them elsewhere: it is followed there, and what shares the old memory goes on as it is known. Stands before
   * all other statements of copies: bpftrace has to know what the map has before it is read.
   */
  moves(isShared: Bpf): Bpf {
    const old = followed.at(bpf`$before`);
    const its = (second: Bpf) =>
      bpf`(${seen}.0, ${second}, ${seen}.2, ${seen}.3, ${seen}.4, ${seen}.5, ${seen}.6)`;
    return bpf`${seen} = ${old};
  if (${seen}.0 == 0 || (${isOther})) { return; }
  $head = ${this.site.read(bpf`$skb`, "sk_buff.head")};
  if ($head == $before) { return; }
  if (${isShared} != 0) {
    ${itsOriginal} = $before; if ((${seen}.1 & ${isCopy}) != 0) { ${itsOriginal} = ${originals.at(bpf`$before`)}; }
    ${entry} = ${its(bpf`(uint64)(${seen}.1 | ${isCopy})`)};
    return;
  }
  delete(${old});
  if ((${seen}.1 & ${isCopy}) != 0) { ${itsOriginal} = ${originals.at(bpf`$before`)}; delete(${originals.at(bpf`$before`)}); }
  ${entry} = ${its(bpf`${seen}.1`)};`;
  }

  /** What is known of `$head` ends here, without a time; a copy leaves the books to its original. */
  private givesUp(how: Ending): Bpf {
    const counts = bpf`if ((${lastStage}) != ${this.upcallStage}) { ${this.ends(how)} ${this.forgetsWait()} }`;
    return this.ifCopy(bpf`delete(${itsOriginal});`, counts);
  }

  private abandons(): Bpf {
    const counts = this.counts("abandoned", this.numbers && numberOf(this.numbers));
    return bpf`${this.ifCopy(bpf`delete(${itsOriginal});`, counts)} delete(${entry});`;
  }

  /** Counts one, by the number `of` it where that is asked for. */
  private counts(counter: FollowCounter, of: Bpf | undefined): Bpf {
    const key = this.numbers?.counted && of !== undefined ? [of] : [];
    return bpf`${counterMap(counter).at(...key)} = count();`;
  }

  private ends(ending: Ending): Bpf {
    const key = this.numbers?.counted ? [numberOf(this.numbers)] : [];
    return bpf`${endingMap(ending).at(...key, lastStage)} = count();`;
  }

  /** Of a copy, sets `$there` to whether its original is followed still: it is in the books. */
  private findsOriginal(): Bpf {
    return this.ifCopy(bpf`$original = ${itsOriginal}; $known = ${followed.at(bpf`$original`)};
    if ($known.2 != ${seen}.2) { $there = 0; }`);
  }

  private forgetsOriginal(): Bpf {
    return this.ifCopy(
      bpf`$gone = ${itsOriginal}; delete(${followed.at(bpf`$gone`)}); delete(${itsOriginal});`,
    );
  }

  private ifCopy(statements: Bpf, otherwise = bpf``): Bpf {
    if (!this.ways.copies) return otherwise;
    return bpf`if ((${seen}.1 & ${isCopy}) != 0) { ${statements} } else { ${otherwise} }`;
  }

  /** Leaves the clause when the measuring is over: hooks go one after the other then, and no stage may be missing on a way. */
  private compares(): Bpf {
    return bpf`if (!${isMeasuring}) { return; }
  ${compareIdentity(this.site, known, this.versions)}`;
  }

  /** The second word with a packet's number, where it has one. */
  private numbered(word: Bpf): Bpf {
    return this.numbers === undefined ? word : bpf`(${word} | $number << ${numberBit})`;
  }

  /** Takes the time since the last stage; `$now` is when it came to this one. */
  private takes(stage: BpfValue): Bpf {
    return bpf`$now = nsecs;
  if ($now < ${seen}.0) { ${count("negative")} } else { $ns = $now - ${seen}.0; ${this.taking.passed(lastStage, stage)} }`;
  }

  /** The same, and goes on. */
  private passes(stage: BpfValue, flags = 0, bound = itsSkb): Bpf {
    const kept = bpf`(${seen}.1 & ${upcalled | translated | isCopy | ((this.numbers?.max ?? 0) << numberBit)})`;
    return bpf`${this.takes(stage)}
  $flag = ${flags}; if ($same == 2) { $flag = $flag | ${translated}; }
  ${entry} = ($now, (uint64)(${kept} | ${stage} | $flag), ${seen}.2, $a, $b, $c, ${bound});`;
  }

  /** The answer of user space to an upcall is of no interest: the packet went on, or has gone. */
  private forgetsWait(): Bpf {
    return this.ways.upcalls ? bpf`if ((${seen}.1 & ${upcalled}) != 0) { delete(${itsWait}); }` : bpf``;
  }
}
