/** The instant that a command happens at. Rules read no clock; whoever runs them says what time it is. */
export interface Now {
  /** Milliseconds since the Unix epoch: for records and for what people see. It may jump between commands. */
  readonly wallMs: number;
  /** Milliseconds that never go back: leases and delays run on it. */
  readonly monotonicMs: number;
}
