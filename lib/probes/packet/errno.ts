/** Names of the errors that the kernel returns (errno(3)), as they are on x86 and arm64. */
const names = new Map([
  [2, "ENOENT"],
  [4, "EINTR"],
  [11, "EAGAIN"],
  [12, "ENOMEM"],
  [16, "EBUSY"],
  [17, "EEXIST"],
  [19, "ENODEV"],
  [22, "EINVAL"],
  [27, "EFBIG"],
  [36, "ENAMETOOLONG"],
  [71, "EPROTO"],
  [90, "EMSGSIZE"],
  [100, "ENETDOWN"],
  [101, "ENETUNREACH"],
  [103, "ECONNABORTED"],
  [104, "ECONNRESET"],
  [105, "ENOBUFS"],
  [107, "ENOTCONN"],
  [110, "ETIMEDOUT"],
  [111, "ECONNREFUSED"],
  [112, "EHOSTDOWN"],
  [113, "EHOSTUNREACH"],
  [115, "EINPROGRESS"],
]);

/** @param code negative, as kernel functions return it. */
export function errorName(code: number): string {
  return `-${names.get(-code) ?? `errno ${-code}`}`;
}
