/** An answer that comes later than this is none for `ping`, nor is its question lost before. */
const answerTimeoutNs = 1_000_000_000;

/**
 * Echo requests with their replies and the ICMP errors about them, as relation `echoes`. A reply belongs to the last request of its number
 * before it: numbers start anew after 65535, and when ping does.
 */
export const echoViews = {
  requests: "SELECT * FROM own WHERE icmp_type IN (8, 128) AND icmp_seq IS NOT NULL AND quoted_src IS NULL",
  replies: "SELECT * FROM own WHERE icmp_type IN (0, 129) AND icmp_seq IS NOT NULL AND quoted_src IS NULL",
  answers: `
    SELECT requests.frame AS request_frame, replies.frame AS reply_frame, replies.time_ns AS reply_ns, replies.ttl AS reply_ttl
    FROM replies ASOF JOIN requests ON replies.flow_number = requests.flow_number AND replies.icmp_seq = requests.icmp_seq
      AND replies.dst = requests.src AND replies.frame > requests.frame`,
  complaints: `
    SELECT requests.frame AS request_frame, errors.src AS reporter, errors.icmp_type AS error_type, errors.icmp_code AS error_code,
      errors.time_ns AS error_ns
    FROM (SELECT * FROM own WHERE about_number IS NOT NULL AND quoted_icmp_seq IS NOT NULL) errors
    ASOF JOIN requests ON errors.about_number = requests.flow_number
      AND errors.quoted_icmp_seq = requests.icmp_seq AND errors.frame > requests.frame`,
  answered: `
    SELECT request_frame, count(*) AS replies, min(reply_frame) AS reply_frame, min(reply_ns) AS reply_ns,
      arg_min(reply_ttl, reply_frame) AS reply_ttl
    FROM answers GROUP BY request_frame`,
  complained: `
    SELECT request_frame, any_value(reporter) AS reporter, any_value(error_type) AS error_type, any_value(error_code) AS error_code
    FROM complaints GROUP BY request_frame`,
  ending: "SELECT max(time_ns) AS end_ns FROM packets",
  echoes: `
    SELECT frame, time_ns, flow_number, src, dst, icmp_id, icmp_seq, wire_bytes, ttl,
      CASE WHEN reply_frame IS NOT NULL THEN true WHEN end_ns - time_ns >= ${answerTimeoutNs} OR reporter IS NOT NULL THEN false END AS answered,
      reply_frame, coalesce(replies, 0) AS replies, reply_ns - time_ns AS rtt_ns, reply_ttl, reporter, error_type, error_code, transport
    FROM requests LEFT JOIN answered ON answered.request_frame = frame LEFT JOIN complained ON complained.request_frame = frame, ending`,
};
