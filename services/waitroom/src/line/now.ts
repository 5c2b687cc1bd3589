/** The instant that a command happens at. Rules read no clock; whoever runs them says what time it is. */
export interface Now {
  /** Milliseconds since the Unix epoch. It may jump between commands: what hangs on it is early or late by the jump, never wrong. */
  readonly wallMs: number;
  /** Milliseconds that never go back. */
  readonly monotonicMs: number;
}
