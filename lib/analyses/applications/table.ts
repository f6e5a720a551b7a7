import type { Analysis, Scope } from "../../captures/index.js";
import type { Column, Table } from "../../tables/index.js";
import { word } from "../query/index.js";
import { type Application, messagesOf } from "./pass.js";
import { over, type Relations, streamRelations } from "./streams.js";

/** An {@link Analysis} whose relations and query may name `shown`, which has tshark's rows, and those of {@link streamRelations}. */
export interface ApplicationAnalysis extends Omit<Analysis, "views" | "sources"> {
  relations: Relations;
}

/**
 * An answer from the messages of an application.
 *
 * tshark puts the segments of whole connections together. Of the others it reads each segment by itself: once data is missing for good it
 * would wait for it, and show no message any more. Where no packet has the layer it reads nothing.
 */
export async function applicationTable(
  scope: Scope,
  application: Application,
  { source, relations, query, columns }: ApplicationAnalysis,
): Promise<Table> {
  const sources = await messageSources(scope, application);
  if (sources === null) return scope.table({ source, query: noRows(columns), columns });
  const all = { ...streamRelations(application.layers), shown, ...relations };
  return scope.table({ source, query: over(all, query), columns, sources });
}

/** In SQL: whether what isn't in the capture wasn't sent, as far as the capturing program says. */
export function nothingLost({ provenance: { lost, partial } }: Scope): string {
  return String(!partial && (lost === "unknown" || lost === 0));
}

async function messageSources(
  scope: Scope,
  application: Application,
): Promise<{ together: Table; apart: Table } | null> {
  const needed = await scope.table({
    source: application.name,
    query: over(
      streamRelations(application.layers),
      `SELECT DISTINCT CASE WHEN flow_number IN (FROM broken) THEN 'apart' ELSE 'together' END AS way FROM concerned`,
    ),
    columns: [word("way", "how messages are to be read")],
  });
  const ways = (await needed.toFrame()).values.flat();
  if (ways.length === 0) return null;
  const pass = (way: "together" | "apart") =>
    ways.includes(way) ? messagesOf(scope.capture, application, way) : undefined;
  const together = await pass("together");
  const apart = await pass("apart");
  // Where a way has no connections, the other Table's rows stand in for none.
  return { together: (together ?? apart) as Table, apart: (apart ?? together) as Table };
}

/**
 * tshark's rows, each of the pass that suits its connection, with the packet and the place in the stream where its first message begins;
 * its further ones begin in the packet itself. What is sent again is not shown again.
 */
const shown = `
  SELECT rows.*, whole.flow_number, whole.from_client, whole.seq,
    coalesce(first.frame, rows.frame) AS first_frame, coalesce(first.seq, whole.seq) AS start_seq
  FROM (SELECT *, false AS by_itself FROM together UNION ALL BY NAME SELECT *, true AS by_itself FROM apart) AS rows
    JOIN whole USING (frame)
    LEFT JOIN whole AS first ON first.frame = CAST(string_split(segments, ',')[1] AS INTEGER)
  WHERE by_itself = (whole.flow_number IN (FROM broken))
  QUALIFY segments IS NOT NULL
    OR row_number() OVER (PARTITION BY whole.flow_number, whole.from_client, whole.seq, segments IS NULL ORDER BY rows.frame) = 1`;

function noRows(columns: readonly Column[]): string {
  return `SELECT ${columns.map(({ name }) => `NULL AS "${name}"`).join(", ")} WHERE false`;
}
