/** The verb is the first byte of a payload. Stable: a number is never given a second meaning. */

/** What a client asks. The answer has the same number with the top bit set; `refused` answers any of them. */
export const requestVerbs = {
  hello: 0x01,
  ping: 0x02,
  cancel: 0x03,

  send: 0x10,
  receive: 0x11,
  subscribe: 0x12,
  credit: 0x13,
  ack: 0x14,
  nack: 0x15,
  extend: 0x16,
  browseQueue: 0x18,
  cancelMessage: 0x19,
  rescheduleMessage: 0x1a,
  redriveMessage: 0x1b,
  startRedrive: 0x1c,
  cancelRedrive: 0x1d,
  listRedrives: 0x1e,

  publish: 0x20,
  fetch: 0x21,
  listen: 0x22,
  offsetAt: 0x23,
  transact: 0x24,
  deleteBefore: 0x25,

  join: 0x28,
  beat: 0x29,
  release: 0x2a,
  leave: 0x2b,
  commit: 0x2c,
  committed: 0x2d,

  createQueue: 0x30,
  describeQueue: 0x31,
  createTopic: 0x32,
  describeTopic: 0x33,
  list: 0x34,
  configureTopic: 0x35,
  describeGroup: 0x36,
  configureQueue: 0x37,
  pauseQueue: 0x38,
  purgeQueue: 0x39,
  deleteQueue: 0x3a,
  deleteTopic: 0x3b,
} as const;

/** Set in the verb of an answer. */
export const answerBit = 0x80;

/** What a server says without being asked. The id is that of the request that began the subscription or membership. */
export const pushVerbs = {
  deliver: 0x40,
  records: 0x41,
  /** A subscription or a membership is over. */
  ended: 0x42,
  assigned: 0x43,
  revoked: 0x44,
  /** The letter E: the frame `ERROR <code> <sentence>` has the same form in every role and is the last of its connection. */
  error: 0x45,
  goaway: 0x46,
} as const;

/** Answers any request that was not granted. */
export const refusedVerb = 0x80;

export type RequestVerb = keyof typeof requestVerbs;
