import { isAggregate, Kind } from "./kinds.js";
import type { Space, Type } from "./space.js";

/** Structs and unions that a file defines under a name; where there is none, those that a typedef has under it. */
export function aggregates(space: Space, name: string): Type[] {
  const types = named(space, name);
  const own = types.filter(({ kind }) => isAggregate(kind));
  if (own.length > 0) return own;
  return types
    .filter(({ kind }) => kind === Kind.typedef)
    .map(({ id }) => space.plain(id))
    .filter((type) => type !== null && isAggregate(type.kind)) as Type[];
}

/** Functions that a file defines under a name. */
export function functions(space: Space, name: string): Type[] {
  return named(space, name).filter(({ kind }) => kind === Kind.function);
}

/** Looks for the text first, then for the types that refer to it: far less work than an index of all names. */
function named(space: Space, name: string): Type[] {
  const { names } = space.file;
  const places = space.strings.placesOf(name);
  const [only] = places;
  const ids: number[] = [];
  if (places.size === 1 && only !== undefined) {
    for (let at = names.indexOf(only); at >= 0; at = names.indexOf(only, at + 1)) ids.push(at);
  } else if (places.size > 1) {
    names.forEach((place, at) => {
      if (places.has(place)) ids.push(at);
    });
  }
  return ids.map((at) => space.type(space.firstId + at));
}
