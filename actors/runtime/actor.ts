/** What an actor may do while it handles a message. `M` are the messages of its system, `E` its effects. */
export interface ActorContext<M, E> {
  /** Sends a message to another actor of the system; it is handled later, never inside this call. */
  tell(target: string, message: M): void;
  /** Hands an effect (something for the world to do or to know) to the system's owner. */
  emit(effect: E): void;
}

/**
 * A deterministic state machine: its state and effects follow from the messages alone. It handles one
 * message to the end; it never waits, reads no clock and draws no random number.
 */
export interface Actor<M, E> {
  receive(message: M, context: ActorContext<M, E>): void;
}

/** A message that failed, with why. */
export interface DeadLetter<M> {
  readonly actorId: string;
  readonly message: M;
  readonly error: string;
}
