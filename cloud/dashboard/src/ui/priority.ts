/** The three priorities of IEC 60601-1-8. */
export type Priority = "high" | "medium" | "low";

/** The priority a word means; an unknown word is taken as the most urgent, so that nothing is played down. */
export function priorityOf(word: string): Priority {
  return word === "medium" || word === "low" ? word : "high";
}
