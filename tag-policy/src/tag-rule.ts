/** Whether a tag may come to mean another digest. */
export type Mutability = "immutable" | "mutable" | "forbidden";

/** The rule that applies to a tag. */
export interface TagRule {
  readonly mutability: Mutability;
  /** Name of the rule, for messages. */
  readonly name: string;
  /** A mutable tag whose new manifest must hold everything that the one before holds. */
  readonly appendOnly?: boolean;
  /** Whether the tag may be deleted, where the rule says so. */
  readonly deletable?: boolean;
  /** What whoever is refused is told. */
  readonly message?: string;
  /** Name of the rule that wants to know where what is pushed comes from; absent: none does. */
  readonly sourceWantedBy?: string;
}
