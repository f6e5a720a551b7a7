import { z } from "zod";
import { type PacketFilterParameters, packetFilters } from "../packet/filters.js";

/** Which drops to look at. All given filters have to match; they work in the kernel of the host. */
export interface DropFilterParameters extends PacketFilterParameters {
  /** One reason or several, as the host's kernel names them: `NO_SOCKET`. */
  reason?: string | string[] | undefined;
}

export const dropFilters = {
  ...packetFilters,
  reason: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
};

const DropFilters = z.strictObject(dropFilters);
export type DropFilters = z.output<typeof DropFilters>;
