import { z } from "zod";

/** Name of a network interface, in the letters that one has in practice; Linux takes 15 (IFNAMSIZ). */
export const deviceName = z.string().regex(/^[\w.:@+-]{1,15}$/, "has to be the name of a network interface");
