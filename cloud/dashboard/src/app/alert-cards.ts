/** Which alerts ask for somebody in the corner of the page: those that nobody has taken, until they are put away or ask again. */
import type { AlertSummary } from "../api/client.ts";

/** `away`: up to which level of the ladder an alert was put away by the reader. */
export interface Cards {
  alerts: readonly AlertSummary[];
  away: ReadonlyMap<string, number>;
}

export const NO_CARDS: Cards = { alerts: [], away: new Map() };
const ASKING = new Set(["raised", "escalated"]);

/** An alert is new or has changed: one that somebody took leaves; one that was put away comes back only when the next level is asked. */
export function heard(cards: Cards, alert: AlertSummary): Cards {
  const others = cards.alerts.filter(({ id }) => id !== alert.id);
  const away = cards.away.get(alert.id);
  if (!ASKING.has(alert.state) || (away !== undefined && alert.level <= away)) return { ...cards, alerts: others };
  const known = others.length < cards.alerts.length;
  return { ...cards, alerts: known ? cards.alerts.map((card) => (card.id === alert.id ? alert : card)) : [alert, ...others] };
}

export function putAway(cards: Cards, id: string): Cards {
  const card = cards.alerts.find((alert) => alert.id === id);
  if (!card) return cards;
  // The first level is asked in the second after an alert is raised: no reason to show it again.
  return { alerts: cards.alerts.filter((alert) => alert !== card), away: new Map(cards.away).set(id, Math.max(0, card.level)) };
}
