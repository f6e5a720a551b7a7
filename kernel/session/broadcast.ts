import { XPublisher } from "zeromq";

/** What zeromq calls ZMQ_SUBSCRIBE and ZMQ_UNSUBSCRIBE. */
const subscribe = 6;
const unsubscribe = 7;
/** How zeromq marks a message that says that somebody subscribes. */
const subscribed = 1;

/** What a client wants, or no longer wants, to be sent. */
export interface Subscription {
  wanted: boolean;
  /** What the first frame of its messages begins with. */
  topic: Buffer;
}

/**
 * The socket of IOPub. A subscription counts once it is applied here, not as soon as zeromq hears of it: what is published in
 * between would come to a subscriber before its welcome.
 */
export class Broadcast extends XPublisher {
  constructor(linger: number) {
    // No high water mark: a publisher at its mark drops messages.
    super({ linger, sendHighWaterMark: 0, manual: true });
  }

  /** Takes the subscriptions one by one. */
  async *subscriptions(): AsyncGenerator<Subscription> {
    for await (const [frame] of this) {
      if (frame !== undefined) yield { wanted: frame[0] === subscribed, topic: frame.subarray(1) };
    }
  }

  /** Makes the subscription count that was taken last. */
  apply({ wanted, topic }: Subscription): void {
    this.setStringOption(wanted ? subscribe : unsubscribe, topic);
  }
}
