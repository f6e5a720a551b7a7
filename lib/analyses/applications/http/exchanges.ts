import type { Relations } from "../streams.js";
import { hostCharacters, pathCharacters } from "./withheld.js";

/** The n-th of a list that tells of several messages; null where it doesn't tell of each. */
const nth = (list: string, characters: number) =>
  `CASE WHEN len(${list}) = len(all_methods) THEN left(${list}[place], ${characters}) END`;

/** One row per message. */
const each = (texts: string) => `
  SELECT * EXCLUDE (start_seq), CASE WHEN place = 1 THEN start_seq ELSE seq END AS start_seq
  FROM (SELECT *, unnest(range(1, len(string_split(${texts}, ',')) + 1)) AS place FROM shown WHERE ${texts} IS NOT NULL)`;

const inOrder = "row_number() OVER (PARTITION BY flow_number ORDER BY start_seq, shown_in, place) AS number";

/**
 * HTTP/1 messages put together to `exchanges`: a request, its answer, or either alone. A message has the bytes of its sender from where it
 * begins up to where the next one does, each by the time at which the capture first has it.
 */
export const exchangeRelations: Relations = {
  requests: `
    SELECT flow_number, frame AS shown_in, start_seq, place, all_methods[place] AS method,
      ${nth("all_hosts", hostCharacters)} AS host, ${nth("all_paths", pathCharacters)} AS path
    FROM (
      SELECT *, string_split(methods, ',') AS all_methods, string_split(hosts, ',') AS all_hosts,
        CASE WHEN contains(methods, ',') THEN string_split(paths, ',') ELSE [paths] END AS all_paths
      FROM (${each("methods")}) WHERE from_client)`,
  responses: `
    SELECT flow_number, frame AS shown_in, by_itself, start_seq, place, CAST(string_split(codes, ',')[place] AS INTEGER) AS status
    FROM (${each("codes")}) WHERE NOT from_client`,
  starts: `
    SELECT *, lead(start_seq) OVER (PARTITION BY flow_number, from_client ORDER BY start_seq) AS next_seq
    FROM (
      SELECT flow_number, from_client, start_seq, count(*) > 1 OR max(place) > 1 AS shared
      FROM (SELECT *, true AS from_client FROM requests UNION ALL BY NAME SELECT *, false AS from_client FROM responses)
      GROUP BY ALL)`,
  bodies: `
    SELECT firsts.*, starts.start_seq, next_seq, shared
    FROM (
      SELECT flow_number, from_client, seq, min(time_ns) AS time_ns, min(frame) AS frame, max(stop) AS stop, bool_or(hole) AS hole
      FROM data GROUP BY flow_number, from_client, seq) AS firsts
    ASOF JOIN starts ON firsts.flow_number = starts.flow_number AND firsts.from_client = starts.from_client
      AND firsts.seq >= starts.start_seq`,
  // Where a message is complete, it reaches up to the next one of its sender, or to all that the other side acknowledged.
  extents: `
    SELECT flow_number, from_client, start_seq, any_value(shared) AS shared, min(frame) AS frame,
      min(time_ns) AS first_ns, max(time_ns) AS last_ns,
      CASE
        WHEN any_value(bodies.shared) OR coalesce(bool_or(hole) FILTER (seq > start_seq), false) THEN NULL
        WHEN max(stop) >= any_value(next_seq) THEN any_value(next_seq) - start_seq
        WHEN any_value(next_seq) IS NULL AND (flow_number, from_client) NOT IN (SELECT (flow_number, from_client) FROM unseen)
          THEN max(stop) - start_seq
      END AS bytes
    FROM bodies GROUP BY flow_number, from_client, start_seq`,
  asked: `
    SELECT requests.*, frame, first_ns, bytes, ${inOrder}
    FROM requests JOIN extents USING (flow_number, start_seq) WHERE from_client`,
  // 1xx come before the answer, but for the change of the protocol (RFC 9110, 15.2).
  answers: `
    SELECT responses.*, extents.frame, first_ns, bytes, ${inOrder},
      CASE WHEN NOT shared THEN greatest(last_ns, data.time_ns) WHEN NOT by_itself THEN data.time_ns END AS last_ns
    FROM responses JOIN extents USING (flow_number, start_seq) LEFT JOIN data ON data.frame = shown_in
    WHERE NOT extents.from_client AND (status = 101 OR status >= 200)`,
  pairs: `
    SELECT flow_number, asked.number AS asked_number, answers.number AS answer_number
    FROM asked JOIN answers USING (flow_number, number) WHERE flow_number NOT IN (FROM missing)
    UNION ALL
    SELECT asked.flow_number, asked.number, answers.number
    FROM (SELECT * FROM answers WHERE flow_number IN (FROM missing)) AS answers
    ASOF JOIN (
      SELECT *, frame * 10000::BIGINT + place AS rank FROM asked WHERE flow_number IN (FROM missing)) AS asked
      ON answers.flow_number = asked.flow_number AND answers.frame * 10000::BIGINT >= asked.rank
    QUALIFY row_number() OVER (PARTITION BY asked.flow_number, asked.number ORDER BY answers.number) = 1`,
  // A server may answer before it has the whole request.
  sent: `
    SELECT asked.flow_number, asked.number,
      coalesce(
        max(bodies.time_ns) FILTER (answers.first_ns IS NULL OR bodies.time_ns <= answers.first_ns),
        any_value(asked.first_ns)) AS sent_ns
    FROM asked LEFT JOIN pairs ON pairs.flow_number = asked.flow_number AND asked_number = asked.number
      LEFT JOIN answers ON answers.flow_number = asked.flow_number AND answers.number = answer_number
      LEFT JOIN bodies ON bodies.flow_number = asked.flow_number AND bodies.from_client AND bodies.start_seq = asked.start_seq
    GROUP BY asked.flow_number, asked.number`,
  // What a server said behind its last response that could be read may be a part of another one: of a body that was broken off tshark shows nothing.
  heard: `
    SELECT flow_number, heard_frame > coalesce(shown_frame, 0) AS unread, heard_frame
    FROM (SELECT flow_number, max(frame) AS heard_frame FROM (
        SELECT flow_number, min(frame) AS frame FROM data WHERE NOT from_client GROUP BY flow_number, seq) GROUP BY flow_number)
      LEFT JOIN (SELECT flow_number, max(shown_in) AS shown_frame FROM responses GROUP BY flow_number) USING (flow_number)`,
  closings: "SELECT flow_number, max(frame) FILTER (fin OR rst) AS closing FROM whole GROUP BY flow_number",
  exchanges: `
    SELECT coalesce(asked.flow_number, answers.flow_number) AS flow_number,
      coalesce(asked.frame, answers.frame) AS frame, coalesce(asked.place, answers.place) AS place, asked.number,
      asked.first_ns AS asked_ns, answers.first_ns AS answer_ns, answers.last_ns,
      asked.bytes AS request_bytes, answers.bytes AS response_bytes, method, host, path, status,
      coalesce(status = 101 OR (method = 'CONNECT' AND status BETWEEN 200 AND 299), false) AS switched
    FROM asked LEFT JOIN pairs ON pairs.flow_number = asked.flow_number AND asked_number = asked.number
      FULL JOIN answers ON answers.flow_number = pairs.flow_number AND answers.number = answer_number`,
};
