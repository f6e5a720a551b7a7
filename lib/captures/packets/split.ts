/** Where each field of a line lies: from `starts[place]` to before `ends[place]`. */
export interface Places {
  starts: Int32Array;
  ends: Int32Array;
}

/** Finds the fields at `places` in their common column, which lies from `start` to before `end`. */
export type Split = (
  line: Places,
  places: readonly number[],
  bytes: Buffer,
  start: number,
  end: number,
) => void;

const comma = 0x2c;
const colon = 0x3a;
const dot = 0x2e;

/** As many values of each field as there are headers; where the last header was cut, its later fields have one less. */
export const byHeader: Split = ({ starts, ends }, places, bytes, start, end) => {
  let values = start === end ? 0 : 1;
  for (let at = start; at < end; at++) if (bytes[at] === comma) values++;
  const headers = Math.floor(values / places.length);
  const further = values % places.length;
  let at = start;
  for (let index = 0; index < places.length; index++) {
    const place = places[index] as number;
    starts[place] = at;
    let left = headers + (index < further ? 1 : 0);
    if (left === 0) {
      ends[place] = at;
      continue;
    }
    for (; at < end; at++) if (bytes[at] === comma && --left === 0) break;
    ends[place] = at;
    at = Math.min(at + 1, end);
  }
};

/** Only addresses of IPv6, which come second, have colons. */
export const byVersion: Split = (line, places, bytes, start, end) => {
  let value = start;
  let at = start;
  for (; at < end && bytes[at] !== colon; at++) if (bytes[at] === comma) value = at + 1;
  halve(line, places, bytes, start, at < end ? value : end, end);
};

/** How the values of a field look: whole numbers, those that always have a fraction, either, or `✓`, whose bytes no number has. */
export type Form = "whole" | "fraction" | "number" | "mark";

/** Of fields whose values look different. Behind several values of what isn't a whole number, tshark prints several commas. */
export function byForm(forms: readonly Form[]): Split {
  return ({ starts, ends }, places, bytes, start, end) => {
    let at = start;
    for (let index = 0; index < places.length; index++) {
      const place = places[index] as number;
      starts[place] = at;
      ends[place] = at;
      while (at < end) {
        const stop = valueEnd(bytes, at, end);
        if (stop > at) {
          if (!hasForm(bytes, at, stop, forms[index] as Form)) break;
          ends[place] = stop;
        }
        at = Math.min(stop + 1, end);
      }
    }
  };
}

function valueEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== comma) at++;
  return at;
}

function hasForm(bytes: Buffer, start: number, end: number, form: Form): boolean {
  if ((bytes[start] as number) >= 0x80) return form === "mark";
  if (form === "number" || form === "mark") return form === "number";
  let at = start;
  while (at < end && bytes[at] !== dot) at++;
  return at < end === (form === "fraction");
}

/** The second field begins at `middle`. Behind several values of what isn't a whole number, tshark prints several commas. */
function halve(
  { starts, ends }: Places,
  places: readonly number[],
  bytes: Buffer,
  start: number,
  middle: number,
  end: number,
): void {
  const [first = 0, second = 0] = places;
  let stop = middle;
  while (stop > start && bytes[stop - 1] === comma) stop--;
  starts[first] = start;
  ends[first] = stop;
  starts[second] = middle;
  ends[second] = end;
}
