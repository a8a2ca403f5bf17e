// A seeded link that loses, delays, reorders and repeats datagrams, on a clock of its own. Only for tests.

/** A small seeded generator (mulberry32): the same numbers on every machine. */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class LossyLink {
  #flying = [];
  #random;

  constructor({ random, loss = 0, delayUs = 10_000, jitterUs = 0, repeat = 0 }) {
    this.#random = random;
    Object.assign(this, { loss, delayUs, jitterUs, repeat });
  }

  send(data, nowUs) {
    const copies = this.#random() < this.repeat ? 2 : 1;
    for (let n = 0; n < copies; n += 1) {
      if (this.#random() < this.loss) continue;
      this.#flying.push({ atUs: nowUs + this.delayUs + this.#random() * this.jitterUs, data });
    }
  }

  /** What has arrived by now, in order of arrival. */
  arrived(nowUs) {
    const here = this.#flying.filter(({ atUs }) => atUs <= nowUs).sort((a, b) => a.atUs - b.atUs);
    this.#flying = this.#flying.filter(({ atUs }) => atUs > nowUs);
    return here.map(({ data }) => data);
  }
}
