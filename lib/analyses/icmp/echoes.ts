import { elapsed, paired, standsForMany } from "../query/index.js";
import { leastHops, maxHops } from "./hops.js";

/** An answer that comes later than this is none for `ping`, nor is its question lost before. */
const answerTimeoutNs = 1_000_000_000;

/** A request to many: by its address, or by the MAC address that it was sent to. Who answers does so from another address, and most don't. */
const toMany = `
  coalesce(${standsForMany("dst")}, false)
    OR coalesce(regexp_matches(eth_dst, '(^|,)[0-9a-fA-F][13579bdfBDF]:[^,]*$'), false)`;

/**
 * Echo requests with their replies and the ICMP errors about them, as relation `echoes`. A reply belongs to the last request of its number
 * before it: numbers start anew after 65535, and when ping does.
 */
export const echoViews = {
  requests: `
    SELECT *, ${toMany} AS to_many FROM picked WHERE icmp_type IN (8, 128) AND icmp_seq IS NOT NULL AND quoted_src IS NULL`,
  replies: "SELECT * FROM picked WHERE icmp_type IN (0, 129) AND icmp_seq IS NOT NULL AND quoted_src IS NULL",
  pairs: paired(
    "requests",
    "replies",
    "answers.flow_number = asked.flow_number AND answers.icmp_seq = asked.icmp_seq AND answers.dst = asked.src",
  ),
  errors: "SELECT * FROM picked WHERE quoted_icmp_seq IS NOT NULL AND about_number IS NOT NULL",
  complaints: paired(
    "requests",
    "errors",
    "answers.about_number = asked.flow_number AND answers.quoted_icmp_seq = asked.icmp_seq",
  ),
  answered: `
    SELECT question, count(*) AS replies, arg_min(answer, (time_ns, answer)) AS reply_frame, min(time_ns) AS reply_ns,
      arg_min(ttl, (time_ns, answer)) AS reply_ttl
    FROM pairs JOIN replies ON replies.frame = answer GROUP BY question`,
  complained: `
    SELECT question, any_value(src) AS reporter, any_value(icmp_type) AS error_type, any_value(icmp_code) AS error_code
    FROM complaints JOIN errors ON errors.frame = answer GROUP BY question`,
  // Others answered, as hosts do that are asked by a broadcast address.
  elsewhere: `
    SELECT DISTINCT requests.frame FROM requests JOIN replies
      ON replies.icmp_id = requests.icmp_id AND replies.icmp_seq = requests.icmp_seq AND replies.dst = requests.src
        AND replies.src <> requests.dst AND abs(replies.time_ns - requests.time_ns) <= ${answerTimeoutNs}
    WHERE requests.frame NOT IN (SELECT question FROM pairs) AND replies.frame NOT IN (SELECT answer FROM pairs)`,
  // What has fewer hops than a request that the target answered was to run out of them.
  traced: `
    SELECT src, dst, coalesce(min(ttl) FILTER (question IS NOT NULL), ${maxHops} + 1) AS reach
    FROM requests LEFT JOIN answered ON question = frame GROUP BY src, dst
    HAVING count(DISTINCT ttl) FILTER (ttl <= ${maxHops}) >= ${leastHops}`,
  echoes: `
    SELECT frame, time_ns, flow_number, src, dst, icmp_id, icmp_seq, wire_bytes, ttl,
      CASE WHEN reply_frame IS NOT NULL THEN true WHEN to_many OR frame IN (FROM elsewhere) OR coalesce(ttl < reach, false) THEN NULL
        WHEN end_ns - time_ns >= ${answerTimeoutNs} OR reporter IS NOT NULL THEN false END AS answered,
      reply_frame, coalesce(replies, 0) AS replies, reply_ns, ${elapsed("time_ns", "reply_ns")} AS rtt_ns, reply_ttl, reporter, error_type, error_code, transport
    FROM requests LEFT JOIN answered ON answered.question = frame LEFT JOIN complained ON complained.question = frame
      LEFT JOIN traced USING (src, dst), clock`,
};
